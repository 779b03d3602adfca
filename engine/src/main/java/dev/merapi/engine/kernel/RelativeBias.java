package dev.merapi.engine.kernel;

/// A bias that is added to scores by the distance of query and key, as T5 and MPNet have it.
///
/// @param bias    [buckets, H]
/// @param buckets [2·reach − 1], that of the distance j − i at `j − i + reach − 1`, for |j − i| < reach; reach
///     is at least the longest sequence
public record RelativeBias(Floats bias, int[] buckets) implements Relative {
    /// |j − i| is smaller.
    public int reach() {
        return (buckets.length + 1) / 2;
    }

    @Override
    public int row(int r) {
        return buckets[Math.clamp(reach() - 1 - r, 0, buckets.length - 1)];
    }
}
