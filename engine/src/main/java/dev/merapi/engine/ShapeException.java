package dev.merapi.engine;

/// Operands that do not fit together. The message says which operation, what it expected, what it got and how
/// to mend it.
public final class ShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    public ShapeException(String message) {
        super(message);
    }
}
