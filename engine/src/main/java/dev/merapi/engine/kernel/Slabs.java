package dev.merapi.engine.kernel;

import java.util.ArrayDeque;
import java.util.List;
import java.util.stream.Stream;

/// Recycled memory on the heap: arrays that scopes borrow and give back, so that a steady training step
/// allocates none.
///
/// Sizes are rounded up to four classes an octave, so that batches of slightly different lengths share arrays
/// (at most 25 % is unused); where a class has none left, one up to twice as large serves. Arrays come back
/// dirty: with assertions on they are filled with NaN, and a kernel that fails to write its whole result is
/// found out.
public final class Slabs implements Memory {
    private static final int SMALLEST = 64;
    private static final int OCTAVE = 4, FIRST = 23, CLASSES = 101;
    private static final boolean POISON = assertionsAreOn();

    private final List<ArrayDeque<float[]>> free = // of each class
            Stream.generate(ArrayDeque<float[]>::new).limit(CLASSES).toList();
    private long bytes;

    /// Nothing is held at first.
    public Slabs() {}

    @Override
    public Floats take(int length) {
        return new Floats(array(length), 0, length);
    }

    private synchronized float[] array(int length) {
        int rounded = round(length);
        int first = sizeClass(rounded);
        for (int i = first; i <= first + OCTAVE && i < CLASSES; i++) {
            float[] array = free.get(i).pollLast();
            if (array != null) return poisoned(array);
        }
        bytes += 4L * rounded;
        return poisoned(new float[rounded]);
    }

    @Override
    public synchronized void give(Floats taken) {
        free.get(sizeClass(taken.array.length)).addLast(taken.array);
    }

    @Override
    public Floats allocate(int length) {
        return Floats.allocate(length);
    }

    @Override
    public synchronized long bytes() {
        return bytes;
    }

    /// The next of 1, 1¼, 1½, 1¾ times a power of two.
    public static int round(int size) {
        if (size <= SMALLEST) return SMALLEST;
        int step = Integer.highestOneBit(size - 1) >>> 2;
        return (int) Math.min(Integer.MAX_VALUE - 8L, ((long) size + step - 1) / step * step);
    }

    /// The number of a rounded size's class: octave and quarter of the size that is smaller by one, so that
    /// the end of a class, 80 of (64, 80], belongs to it.
    static int sizeClass(int rounded) {
        int octave = 31 - Integer.numberOfLeadingZeros(rounded - 1);
        return OCTAVE * octave + (rounded - 1 >>> octave - 2) % OCTAVE - FIRST;
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
