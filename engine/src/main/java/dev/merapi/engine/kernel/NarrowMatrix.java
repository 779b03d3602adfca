package dev.merapi.engine.kernel;

/// The weight of a linear layer, `[outputs, inputs]`, rounded to 16 bits, in the order in which the matrix
/// kernel that packed it reads it. Only that kernel understands it.
///
/// @param outputs rows of the weight
/// @param inputs  columns of the weight
/// @param panels  the packed values, padded as the kernel needs
public record NarrowMatrix(int outputs, int inputs, Halves panels) {
    /// A weight is packed so many rows at a time, or a multiple of them: more than any kernel's panel holds.
    public static final int ROWS = 256;
}
