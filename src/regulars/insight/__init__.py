"""What history teaches: frames in, frames out. Only the warehouse reads and writes files."""
