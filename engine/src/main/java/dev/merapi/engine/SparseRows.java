package dev.merapi.engine;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;

/// The gradient of a table `[V, C]` of which a batch used only some rows: rows that are not named are zero.
///
/// @param count  how many distinct rows
/// @param rows   their indices in ascending order, at least `count` of them
/// @param columns C
/// @param values `[count, C]`
public record SparseRows(int count, int[] rows, int columns, Floats values) {

    /// Adds the rows to a dense gradient `[V, C]`.
    void addTo(Floats dense, Kernels kernels) {
        kernels.addRows(count, columns, values, rows, dense);
    }
}
