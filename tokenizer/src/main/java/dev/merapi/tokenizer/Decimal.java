package dev.merapi.tokenizer;

/// Turns decimals into doubles, faster than [Double#parseDouble] where there is no doubt about the last bit: a
/// vocabulary has hundreds of thousands of scores with 17 digits.
final class Decimal {
    private static final double DOUBT = 1e-9; // in units of the last place, far more than the quotient is off

    private static final double[] POWERS = powers(); // of ten that a double holds exactly

    private Decimal() {}

    private static double[] powers() {
        double[] powers = new double[23];
        powers[0] = 1;
        for (int i = 1; i < powers.length; i++) {
            powers[i] = 10 * powers[i - 1];
        }
        return powers;
    }

    /// The double that is closest to `digits · 10^exponent`, or NaN where this way to compute it leaves doubt.
    ///
    /// `digits` is the sum of two doubles and the power is one, both exactly; their quotient is computed to
    /// about twice the precision of a double, so that its rounding is in doubt only next to the middle between
    /// two doubles: half a unit of the last place off, or a quarter below a power of two.
    static double closest(long digits, int exponent) {
        if (exponent > 0 || -exponent >= POWERS.length) {
            return Double.NaN;
        }
        double power = POWERS[-exponent];
        double high = digits;
        double low = digits - (long) high;
        double quotient = high / power;
        double rest = (Math.fma(-quotient, power, high) + low) / power;
        double sum = quotient + rest;
        double error = Math.abs(rest - (sum - quotient)) / Math.ulp(sum);
        return Math.abs(error - 0.5) < DOUBT || Math.abs(error - 0.25) < DOUBT ? Double.NaN : sum;
    }
}
