"""The SQL interpreter of the condition language, apart so that pure rooms never reach a database driver."""
