package dev.merapi.data;

import java.util.AbstractList;
import java.util.RandomAccess;
import java.util.function.IntFunction;

/// A list whose elements are made anew whenever somebody asks for one, and kept by nobody: rows of a file that
/// is larger than memory.
final class Streamed<T> extends AbstractList<T> implements RandomAccess {
    private final int size;
    private final IntFunction<T> element;

    Streamed(int size, IntFunction<T> element) {
        this.size = size;
        this.element = element;
    }

    @Override
    public T get(int index) {
        return element.apply(index);
    }

    @Override
    public int size() {
        return size;
    }
}
