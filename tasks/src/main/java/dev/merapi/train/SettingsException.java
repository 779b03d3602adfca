package dev.merapi.train;

/// A setting that cannot be met: out of range, or at odds with the model or the data. A caller's mistake, found
/// before anything is trained or written. The message says in one line what, expected, got and the remedy.
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SettingsException(String message) {
        super(message);
    }
}
