package dev.merapi.engine.kernel;

/// What the scores of attention know of relative positions r = i − j of a query i and a key j: rows of tables
/// that several of them may share.
public sealed interface Relative permits RelativePositions, RelativeBias {
    /// The row of the tables of relative position r; of the nearest one that there is, where r is out of reach.
    int row(int r);
}
