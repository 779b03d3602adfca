package dev.merapi.engine.cuda;

/// What the CUDA driver refused, in one line with the remedy.
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CudaException(String message) {
        super(message);
    }

    public CudaException(String message, Throwable cause) {
        super(message, cause);
    }
}
