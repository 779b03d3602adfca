/// Activations and their derivatives. `f` is the ordinal of Activation.java.
#include "gelu.cuh"

enum { GELU, GELU_TANH, RELU, TANH, SIGMOID };

constexpr float DENSITY = 0.39894228040143268f;        // 1/√(2π)
constexpr float ROOT_2_OVER_PI = 0.79788456080286536f; // √(2/π)
constexpr float CUBIC = 0.044715f;

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/// √(2/π) · (x + 0.044715·x³)
__device__ inline float inner(float x) { return ROOT_2_OVER_PI * (x + CUBIC * x * x * x); }

__device__ inline float value(int f, float x) {
    switch (f) {
        case GELU: return gelu(x);
        case GELU_TANH: return x < -FAR ? 0.0f : x * sigmoid(2.0f * inner(x)); // (1 + tanh u)/2 = σ(2u)
        case RELU: return x < 0.0f ? 0.0f : x; // NaN stays
        case TANH: return tanhf(x);
        default: return sigmoid(x);
    }
}

/// f′(x), with y = f(x).
__device__ inline float derivative(int f, float x, float y) {
    switch (f) {
        case GELU:
            if (fabsf(x) > FAR) return x > 0.0f ? 1.0f : 0.0f;
            return 0.5f * erfcf(-x * ROOT_HALF) + x * DENSITY * expf(-0.5f * x * x);
        case GELU_TANH: {
            if (fabsf(x) > FAR) return x > 0.0f ? 1.0f : 0.0f;
            float u = inner(x), s = sigmoid(2.0f * u), du = ROOT_2_OVER_PI * (1.0f + 3.0f * CUBIC * x * x);
            return s + x * s * sigmoid(-2.0f * u) * 2.0f * du; // σ(−2u) is 1 − s, without cancellation
        }
        case RELU: return x > 0.0f ? 1.0f : 0.0f;
        case TANH: return 1.0f - y * y;
        default: return y * (1.0f - y);
    }
}

KERNEL activation(int f, long long n, const float *x, float *y) {
    for (long long i = first(); i < n; i += stride()) y[i] = value(f, x[i]);
}

/// dx = dy · f′(x)
KERNEL activation_backward(
    int f, long long n, const float *x, const float *y, const float *dy, float *dx, int accumulate) {
    for (long long i = first(); i < n; i += stride()) put(dx + i, dy[i] * derivative(f, x[i], y[i]), accumulate);
}
