package dev.merapi.engine.kernel;

/// The pointwise functions of the encoders, by the names that Hugging Face configs give them (`hidden_act`).
public enum Activation {
    /// `gelu`: `x · Φ(x) = x/2 · (1 + erf(x/√2))` (Hendrycks & Gimpel 2016, arXiv:1606.08415).
    GELU,
    /// `gelu_new`, `gelu_pytorch_tanh`: `x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))`.
    GELU_TANH,
    /// `relu`: `max(x, 0)`.
    RELU,
    /// `tanh`.
    TANH,
    /// `σ(x) = 1 / (1 + e⁻ˣ)`.
    SIGMOID
}
