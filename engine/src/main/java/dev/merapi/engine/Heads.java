package dev.merapi.engine;

import dev.merapi.engine.kernel.Dropout;
import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.HeadSteps;
import dev.merapi.engine.kernel.Kernels;

/// Attention written out, a step an op: heads apart, scores, probabilities, context. [BiasedAttention] is made
/// of these steps, and so is all attention in low precision, which rounds between them. Plainer and slower than
/// [Attention], which does them all at once and keeps no probabilities.
///
///     q, k, v, context [N, C]       apart [H, N, D]    scores, probabilities: as [HeadSteps] has them
final class Heads {
    private final Kernels kernels;
    private final HeadSteps steps;
    private final int heads;
    private final int width; // D
    private final int tokens; // N
    private final int scores; // values of all pieces' scores

    Heads(Kernels kernels, int heads, int channels, int[] starts) {
        this.kernels = kernels;
        this.heads = heads;
        this.width = channels / heads;
        this.tokens = starts[starts.length - 1];
        this.steps = kernels.headSteps(heads, width, starts);
        long count = 0;
        for (int b = 1; b < starts.length; b++) {
            long t = starts[b] - starts[b - 1];
            count += heads * t * t;
        }
        if (count > Integer.MAX_VALUE)
            throw new ShapeException("attention: " + count + " scores, expected at most " + Integer.MAX_VALUE
                    + "; split the batch into smaller ones");
        this.scores = (int) count;
    }

    // ── Heads apart and together ─────────────────────────────────────────────────────────────────

    /// [R, C] → [H, R, D]; R may be other rows than the tokens
    Tensor split(Tensor x) {
        int rows = x.shape().rows();
        Tensor y = Tensor.result(x.device(), Shape.of(heads, rows, width));
        steps.swap(rows, heads, x.data(), y.data(), false);
        if (!Tensor.records(x)) return y;
        return y.onBackward(
                () -> x.contribute((dx, accumulate) -> steps.swap(heads, rows, y.gradient(), dx, accumulate)));
    }

    /// [H, N, D] → [N, C]
    Tensor join(Tensor x) {
        Tensor y = Tensor.result(x.device(), Shape.of(tokens, heads * width));
        steps.swap(heads, tokens, x.data(), y.data(), false);
        if (!Tensor.records(x)) return y;
        return y.onBackward(
                () -> x.contribute((dx, accumulate) -> steps.swap(tokens, heads, y.gradient(), dx, accumulate)));
    }

    // ── Products ─────────────────────────────────────────────────────────────────────────────────

    /// `S = Q·Kᵀ` of each piece, `dQ = dS·K`, `dK = dSᵀ·Q`.
    ///
    ///     q, k heads apart    S scores
    Tensor scores(Tensor q, Tensor k) {
        Tensor s = Tensor.result(q.device(), Shape.of(scores));
        steps.productNT(q.data(), k.data(), s.data(), false);
        if (!Tensor.records(q, k)) return s;
        return s.onBackward(() -> {
            q.contribute((dq, accumulate) -> steps.productNN(s.gradient(), k.data(), dq, accumulate));
            k.contribute((dk, accumulate) -> steps.productTN(s.gradient(), q.data(), dk, accumulate));
        });
    }

    /// `context = P·V` of each piece, `dP = dcontext·Vᵀ`, `dV = Pᵀ·dcontext`.
    ///
    ///     P probabilities    v, context heads apart
    Tensor mix(Tensor p, Tensor v) {
        Tensor y = Tensor.result(v.device(), v.shape());
        steps.productNN(p.data(), v.data(), y.data(), false);
        if (!Tensor.records(p, v)) return y;
        return y.onBackward(() -> {
            p.contribute((dp, accumulate) -> steps.productNT(y.gradient(), v.data(), dp, accumulate));
            v.contribute((dv, accumulate) -> steps.productTN(p.data(), y.gradient(), dv, accumulate));
        });
    }

    /// `y = x·tableᵀ` of each head.
    ///
    ///     x [H, N, D]    table [H, P, D]    y [H, N, P]
    Tensor against(Tensor x, Tensor table) {
        int positions = table.shape().size(1);
        Tensor y = Tensor.result(x.device(), Shape.of(heads, tokens, positions));
        for (int h = 0; h < heads; h++)
            kernels.matmulNT(
                    tokens, positions, width, head(x.data(), h), head(table.data(), h), null, head(y.data(), h), false);
        if (!Tensor.records(x, table)) return y;
        return y.onBackward(() -> {
            x.contribute((dx, accumulate) -> {
                for (int h = 0; h < heads; h++)
                    kernels.matmulNN(
                            tokens,
                            width,
                            positions,
                            head(y.gradient(), h),
                            head(table.data(), h),
                            head(dx, h),
                            accumulate);
            });
            table.contribute((dtable, accumulate) -> {
                for (int h = 0; h < heads; h++)
                    kernels.matmulTN(
                            positions,
                            width,
                            tokens,
                            head(y.gradient(), h),
                            head(x.data(), h),
                            head(dtable, h),
                            accumulate);
            });
        });
    }

    private Floats head(Floats x, int h) {
        int size = x.length / heads;
        return x.slice(h * size, size);
    }

    // ── Scores ───────────────────────────────────────────────────────────────────────────────────

    /// [HeadSteps#addBias] in the memory of S, which goes.
    Tensor addBias(Tensor s, float scale, Tensor bias, int[] bucketOf) {
        Tensor y = Tensor.over(s);
        steps.addBias(s.data(), scale, bias.data(), bucketOf);
        if (!Tensor.records(s, bias)) return y;
        return y.onBackward(() -> {
            Floats dbias = bias.accumulator();
            if (dbias != null) steps.addBiasBackward(y.gradient(), bucketOf, dbias);
            s.contribute((ds, accumulate) -> kernels.scale(scores, scale, y.gradient(), ds, accumulate));
        });
    }

    /// [HeadSteps#addRelative] in the memory of S, which goes.
    ///
    ///     terms [H, N, P]
    Tensor addRelative(Tensor s, Tensor terms, int[] rowOf, boolean byKey) {
        int positions = terms.shape().columns();
        Tensor y = Tensor.over(s);
        steps.addRelative(s.data(), terms.data(), positions, rowOf, byKey);
        if (!Tensor.records(s, terms)) return y;
        return y.onBackward(() -> {
            Floats dterms = terms.accumulator();
            if (dterms != null) steps.addRelativeBackward(y.gradient(), positions, rowOf, byKey, dterms);
            s.contribute((ds, accumulate) -> kernels.copy(scores, y.gradient(), ds, accumulate));
        });
    }

    /// Rows of `softmax(scale·S)` in the memory of S, which goes.
    Tensor softmax(Tensor s, float scale) {
        Tensor p = Tensor.over(s);
        steps.softmax(s.data(), scale);
        if (!Tensor.records(s)) return p;
        return p.onBackward(() ->
                s.contribute((ds, accumulate) -> steps.softmaxBackward(p.data(), p.gradient(), scale, ds, accumulate)));
    }

    /// The dropout of the probabilities, on the elements that [Kernels#attention] drops.
    Tensor dropout(Tensor p, Dropout dropout) {
        if (!dropout.isActive()) return p;
        Tensor y = Tensor.result(p.device(), p.shape());
        steps.dropout(p.data(), dropout, y.data(), false);
        if (!Tensor.records(p)) return y;
        return y.onBackward(
                () -> p.contribute((dp, accumulate) -> steps.dropout(y.gradient(), dropout, dp, accumulate)));
    }
}
