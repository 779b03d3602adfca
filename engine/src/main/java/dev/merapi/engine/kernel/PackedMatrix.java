package dev.merapi.engine.kernel;

/// The weight of a linear layer, `[outputs, inputs]`, in the order in which the matrix kernel that packed it
/// reads it. Only that kernel understands it.
///
/// @param outputs rows of the weight
/// @param inputs  columns of the weight
/// @param panels  the packed values, padded as the kernel needs
public record PackedMatrix(int outputs, int inputs, Floats panels) {}
