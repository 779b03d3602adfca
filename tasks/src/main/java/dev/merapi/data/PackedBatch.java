package dev.merapi.data;

import dev.merapi.nn.Sequences;

/// Some rows of a data set, side by side without padding.
///
/// @param tokens ids and type ids [N], starts [B+1]
/// @param labels class of each row [B]; empty where rows have no single class
/// @param targets 0 or 1 for each label of each row [B · K]; empty where rows have a single class
/// @param rows which rows of the data set these are [B]
public record PackedBatch(Sequences tokens, int[] labels, float[] targets, int[] rows) {
    /// How many rows there are.
    public int size() {
        return rows.length;
    }
}
