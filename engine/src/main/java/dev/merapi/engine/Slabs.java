package dev.merapi.engine;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/// Recycled memory: arrays that scopes borrow and give back, so that a steady training step allocates none.
///
/// Sizes are rounded up to four classes an octave, so that batches of slightly different lengths share arrays
/// (at most 25 % is unused); where a class has none left, one up to twice as large serves. Arrays come back
/// dirty: with assertions on they are filled with NaN, and a kernel that fails to write its whole result is
/// found out.
final class Slabs {
    private static final int SMALLEST = 64;
    private static final boolean POISON = assertionsAreOn();

    private final TreeMap<Integer, ArrayDeque<float[]>> free = new TreeMap<>();
    private long bytes;

    synchronized float[] take(int size) {
        int rounded = round(size);
        for (Map.Entry<Integer, ArrayDeque<float[]>> entry = free.ceilingEntry(rounded);
                entry != null && entry.getKey() <= 2L * rounded;
                entry = free.higherEntry(entry.getKey())) {
            float[] array = entry.getValue().pollLast();
            if (array != null) return poisoned(array);
        }
        bytes += 4L * rounded;
        return poisoned(new float[rounded]);
    }

    synchronized void give(float[] array) {
        free.computeIfAbsent(array.length, length -> new ArrayDeque<>()).addLast(array);
    }

    synchronized long bytes() {
        return bytes;
    }

    /// The next of 1, 1¼, 1½, 1¾ times a power of two.
    static int round(int size) {
        if (size <= SMALLEST) return SMALLEST;
        int step = Integer.highestOneBit(size - 1) >>> 2;
        return (int) Math.min(Integer.MAX_VALUE - 8L, ((long) size + step - 1) / step * step);
    }

    private static float[] poisoned(float[] array) {
        if (POISON) java.util.Arrays.fill(array, Float.NaN);
        return array;
    }

    private static boolean assertionsAreOn() {
        boolean on = false;
        assert on = true;
        return on;
    }
}
