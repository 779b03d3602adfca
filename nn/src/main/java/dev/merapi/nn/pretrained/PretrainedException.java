package dev.merapi.nn.pretrained;

/// The one exception of this package: a file that is no checkpoint, a config that cannot be true, a folder that
/// cannot be written. The message says in one line which file and tensor, what was expected, what was found,
/// and what to do.
public final class PretrainedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PretrainedException(String message) {
        super(message);
    }

    public PretrainedException(String message, Throwable cause) {
        super(message, cause);
    }

    /// For a name that a checkpoint of `count` tensors does not have.
    static PretrainedException noTensor(String source, String name, int count) {
        return new PretrainedException(source + ": there is no tensor \"" + name + "\" among its " + count
                + "; list its names with `merapi inspect`");
    }
}
