"""The append-only Parquet warehouse; the only place that knows DuckDB's and ibis' connections."""
