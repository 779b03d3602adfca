package dev.merapi.engine.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Elementary functions on vectors of floats, written out as polynomials: the Vector API's own go to a library
/// call, and every vector that lives across it is spilled. The coefficients are minimax fits in the relative
/// error (Lawson's iteration); the errors in the comments are the worst over all 2³² floats against double
/// precision, in units in the last place.
///
/// Methods have the vector of [#F] as argument and result and must be inlined to be fast: a loop that calls one
/// holds little else.
final class SimdMath {
    /// The widest vector of floats that the machine likes.
    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

    /// How many floats it holds.
    static final int LANES = F.length();

    private static final VectorShuffle<Float> BY_8 = rotation(8), BY_4 = rotation(4), BY_2 = rotation(2);

    private SimdMath() {}

    private static VectorShuffle<Float> rotation(int by) {
        return VectorShuffle.fromOp(F, lane -> (lane + by) % LANES);
    }

    /// `eˣ`, worst error 1.01 ulp. Results below 2⁻¹²⁶ are 0, above the largest float infinite; NaN stays NaN.
    ///
    /// `eˣ = 2ⁿ · eʳ`, n = x / ln 2 rounded to the nearest integer, |r| ≤ ln 2 / 2. n sits in the low bits of
    /// x/ln 2 + 1.5·2²³ and is added to the exponent of eʳ.
    static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(FloatVector.broadcast(F, 1.44269504f), FloatVector.broadcast(F, 12582912f));
        FloatVector n = shifted.sub(12582912f);
        // ln 2 in two parts: n times the first, of 15 bits, is exact
        FloatVector r = n.fma(FloatVector.broadcast(F, -0.693145752f), x);
        r = n.fma(FloatVector.broadcast(F, -1.42860677e-6f), r);
        FloatVector p = FloatVector.broadcast(F, 0.00138145977f);
        p = p.fma(r, FloatVector.broadcast(F, 0.00836871700f));
        p = p.fma(r, FloatVector.broadcast(F, 0.0416683881f));
        p = p.fma(r, FloatVector.broadcast(F, 0.166665206f));
        p = p.fma(r, FloatVector.broadcast(F, 0.499999934f));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        FloatVector y = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        y = y.blend(0f, x.compare(VectorOperators.LT, -87.3365402f));
        return x.mul(Float.POSITIVE_INFINITY).blend(y, x.compare(VectorOperators.LE, 88.7228317f));
    }

    /// The same bits for one value.
    static float exp(float x) {
        float shifted = Math.fma(x, 1.44269504f, 12582912f);
        float n = shifted - 12582912f;
        float r = Math.fma(n, -0.693145752f, x);
        r = Math.fma(n, -1.42860677e-6f, r);
        float p = Math.fma(0.00138145977f, r, 0.00836871700f);
        p = Math.fma(p, r, 0.0416683881f);
        p = Math.fma(p, r, 0.166665206f);
        p = Math.fma(p, r, 0.499999934f);
        p = Math.fma(p, r * r, r) + 1f;
        if (!(x <= 88.7228317f)) return x * Float.POSITIVE_INFINITY;
        if (x < -87.3365402f) return 0f;
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(shifted) << 23));
    }

    /// `erf x = 2/√π ∫₀ˣ e^(−t²) dt`, worst error 6.0 ulp, as x·P(x²)/Q(x²); it is ±1 from 3.92 on.
    static FloatVector erf(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector p = FloatVector.broadcast(F, 2.050061845699809e-06f);
        p = p.fma(z, FloatVector.broadcast(F, 0.0002848648648071108f));
        p = p.fma(z, FloatVector.broadcast(F, 0.003765158850731772f));
        p = p.fma(z, FloatVector.broadcast(F, 0.0527472763878469f));
        p = p.fma(z, FloatVector.broadcast(F, 0.1903968720161097f));
        p = p.fma(z, FloatVector.broadcast(F, 1.1283791463037556f));
        FloatVector q = FloatVector.broadcast(F, 3.809051668689896e-05f);
        q = q.fma(z, FloatVector.broadcast(F, 0.0011624104606486598f));
        q = q.fma(z, FloatVector.broadcast(F, 0.014968302069480058f));
        q = q.fma(z, FloatVector.broadcast(F, 0.11410498591632129f));
        q = q.fma(z, FloatVector.broadcast(F, 0.5020675779745298f));
        q = q.fma(z, FloatVector.broadcast(F, 1f));
        return saturate(x, x.mul(p).div(q), 3.92f);
    }

    /// The same bits for one value.
    static float erf(float x) {
        float z = x * x;
        float p = Math.fma(2.050061845699809e-06f, z, 0.0002848648648071108f);
        p = Math.fma(p, z, 0.003765158850731772f);
        p = Math.fma(p, z, 0.0527472763878469f);
        p = Math.fma(p, z, 0.1903968720161097f);
        p = Math.fma(p, z, 1.1283791463037556f);
        float q = Math.fma(3.809051668689896e-05f, z, 0.0011624104606486598f);
        q = Math.fma(q, z, 0.014968302069480058f);
        q = Math.fma(q, z, 0.11410498591632129f);
        q = Math.fma(q, z, 0.5020675779745298f);
        q = Math.fma(q, z, 1f);
        return Math.abs(x) > 3.92f ? Math.copySign(1f, x) : x * p / q;
    }

    /// `tanh x`, worst error 5.7 ulp, as x·P(x²)/Q(x²); it is ±1 from 9.02 on.
    static FloatVector tanh(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector p = FloatVector.broadcast(F, 1.3317809878492903e-08f);
        p = p.fma(z, FloatVector.broadcast(F, 2.058257231995033e-05f));
        p = p.fma(z, FloatVector.broadcast(F, 0.0034939802557058066f));
        p = p.fma(z, FloatVector.broadcast(F, 0.13379672864446354f));
        p = p.fma(z, FloatVector.broadcast(F, 1f));
        FloatVector q = FloatVector.broadcast(F, 7.761502177493757e-07f);
        q = q.fma(z, FloatVector.broadcast(F, 0.0003283003181377337f));
        q = q.fma(z, FloatVector.broadcast(F, 0.025870868402606495f));
        q = q.fma(z, FloatVector.broadcast(F, 0.4671298817265599f));
        q = q.fma(z, FloatVector.broadcast(F, 1f));
        return saturate(x, x.mul(p).div(q), 9.02f);
    }

    /// The sum of the lanes, neighbours halves apart first: `reduceLanes(ADD)` leaves the order open, and takes
    /// another one once C2 has compiled it.
    static float sum(FloatVector x) {
        if (LANES > 8) x = x.add(x.rearrange(BY_8));
        if (LANES > 4) x = x.add(x.rearrange(BY_4));
        if (LANES > 2) x = x.add(x.rearrange(BY_2));
        return x.lane(0) + x.lane(1);
    }

    /// y, or ±1 with the sign of x where |x| > limit.
    private static FloatVector saturate(FloatVector x, FloatVector y, float limit) {
        VectorMask<Float> far = x.abs().compare(VectorOperators.GT, limit);
        IntVector sign = x.reinterpretAsInts().and(0x80000000);
        return y.blend(sign.or(0x3f800000).reinterpretAsFloats(), far);
    }
}
