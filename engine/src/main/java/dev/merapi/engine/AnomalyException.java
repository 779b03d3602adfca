package dev.merapi.engine;

/// An operation made something that is no finite number, inside of a [Scope] that
/// [detects][Scope#detectAnomalies] such things.
public final class AnomalyException extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    private final transient Tensor variable;

    AnomalyException(String message, Tensor variable) {
        super(message);
        this.variable = variable;
    }

    /// The variable whose gradient it is; null where it is the result of an operation, or a gradient of one.
    public Tensor variable() {
        return variable;
    }
}
