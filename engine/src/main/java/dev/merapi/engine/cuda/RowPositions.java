package dev.merapi.engine.cuda;

import dev.merapi.engine.kernel.Relative;

/// The relative positions of each row of a table, ascending: those of row p are `relative[groups[p] …
/// groups[p + 1])`.
record RowPositions(int[] groups, int[] relative) {
    /// @param longest relative positions are less, either way
    static RowPositions of(Relative positions, int rows, int longest) {
        int[] groups = new int[rows + 1], relative = new int[2 * longest - 1];
        for (int r = 1 - longest; r < longest; r++) groups[positions.row(r) + 1]++;
        for (int row = 0; row < rows; row++) groups[row + 1] += groups[row];
        int[] next = groups.clone();
        for (int r = 1 - longest; r < longest; r++) relative[next[positions.row(r)]++] = r;
        return new RowPositions(groups, relative);
    }
}
