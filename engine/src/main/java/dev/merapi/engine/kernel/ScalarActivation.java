package dev.merapi.engine.kernel;

/// The activations and their derivatives, in double.
final class ScalarActivation {
    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI), SQRT_2_PI = Math.sqrt(2 * Math.PI);
    private static final double CUBIC = 0.044715;

    private ScalarActivation() {}

    static double value(Activation f, double x) {
        return switch (f) {
            case GELU -> x == Double.NEGATIVE_INFINITY ? 0 : x * normalDistribution(x);
            case GELU_TANH -> x == Double.NEGATIVE_INFINITY ? 0 : x * sigmoid(2 * inner(x)); // ½(1 + tanh u) = σ(2u)
            case RELU -> Math.max(x, 0);
            case TANH -> Math.tanh(x);
            case SIGMOID -> sigmoid(x);
        };
    }

    /// `f′(x)`, with y = f(x).
    static double derivative(Activation f, double x, double y) {
        return switch (f) {
            case GELU -> normalDistribution(x) + (Double.isInfinite(x) ? 0 : x * normalDensity(x));
            case GELU_TANH -> {
                if (Double.isInfinite(x)) yield x > 0 ? 1 : 0;
                double u = inner(x), du = SQRT_2_OVER_PI * (1 + 3 * CUBIC * x * x);
                yield sigmoid(2 * u) + x * sigmoid(2 * u) * sigmoid(-2 * u) * 2 * du;
            }
            case RELU -> x > 0 ? 1 : 0;
            case TANH -> 1 - y * y;
            case SIGMOID -> y * (1 - y);
        };
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double inner(double x) {
        return SQRT_2_OVER_PI * (x + CUBIC * x * x * x);
    }

    /// `φ(x) = e^{−x²/2} / √(2π)`.
    private static double normalDensity(double x) {
        return Math.exp(-0.5 * x * x) / SQRT_2_PI;
    }

    /// `Φ(x)`: near 0 the series `½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …)`, in the tail Laplace's continued fraction
    /// `Φ(−x) = φ(x) / (x + 1/(x + 2/(x + 3/(x + …))))` (Abramowitz & Stegun 26.2.11, 26.2.14). To 10⁻¹³ of it.
    static double normalDistribution(double x) {
        if (x > 3) return 1 - normalDistribution(-x);
        if (x < -3) {
            if (x < -40) return 0; // less than the least double
            double fraction = -x;
            for (int n = 60; n > 0; n--) fraction = -x + n / fraction;
            return normalDensity(x) / fraction;
        }
        double term = x, sum = x;
        for (int n = 3; Math.abs(term) > 1e-17; n += 2) {
            term *= x * x / n;
            sum += term;
        }
        return 0.5 + normalDensity(x) * sum;
    }
}
