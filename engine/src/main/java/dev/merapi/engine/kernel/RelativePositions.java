package dev.merapi.engine.kernel;

/// What disentangled attention knows of positions: for every relative position r = i − j of a query i and a key
/// j the row of two tables that belongs to it. Several relative positions may share a row (a bucket).
///
/// @param keys    [P, C], or null: a query looks for positions of keys in it ("content to position")
/// @param queries [P, C], or null: a key looks for positions of queries in it ("position to content")
/// @param rows    [2·reach − 1], the row of r at `r + reach − 1`, for |r| < reach; reach is at least the
///     longest sequence
public record RelativePositions(Floats keys, Floats queries, int[] rows) implements Relative {
    /// |r| is smaller.
    public int reach() {
        return (rows.length + 1) / 2;
    }

    @Override
    public int row(int r) {
        return rows[Math.clamp(r + reach() - 1, 0, rows.length - 1)];
    }
}
