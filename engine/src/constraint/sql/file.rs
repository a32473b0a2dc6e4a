//! Which names DuckDB takes for files: in the place of a table it reads a file, or a URL, where no table has the name.
//!
//! What it doesn't see: names that only an extension or the host program gives a meaning.

use super::dialect::{Dialect, Family};

/// Ends of names that are files'.
const ENDS: &[&str] = &[
    ".csv", ".tsv", ".txt", ".parquet", ".json", ".jsonl", ".ndjson", ".xlsx", ".gz", ".zst", ".db",
    ".duckdb", ".ddb", ".sqlite", ".arrow", ".feather", ".avro", ".shp", ".gpkg", ".fgb", ".geojson",
];

/// Whether a dotted name can be a file's. DuckDB puts its parts together first, so `f.csv` needs no quotes.
pub(super) fn is_named(dialect: &Dialect, parts: &[&str]) -> bool {
    if !dialect.has(Family::Duckdb) {
        return false;
    }
    // Elsewhere a quoted name may hold such marks: BigQuery quotes all of `a.b.c`.
    let marks = ['/', ':', '*', '?', '.'];
    let marked = dialect.family == Family::Duckdb && parts.iter().any(|part| part.contains(marks));
    let name = parts.join(".").to_ascii_lowercase();
    marked || ENDS.iter().any(|end| name.ends_with(end))
}
