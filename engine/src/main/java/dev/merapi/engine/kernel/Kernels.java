package dev.merapi.engine.kernel;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The flat kernel interface: contiguous operands and sizes in, values out. It knows no graph, allocates
/// nothing that outlives a call and has no shape policy. Ops validate with messages for people; kernels assert.
///
/// `ScalarKernels` is the plain twin of every kernel: what the kernel means, the fallback, and the oracle of
/// its test.
///
/// Conventions
/// - matrices are row-major; `[m, n]` has m rows of n values
/// - `accumulate`: false writes the result, true adds it to what the operand holds
/// - `x` and the result may be the same memory only where a method says so
/// - results do not depend on the number of threads: work is cut by the problem, reductions have a fixed order
/// - N tokens of the batch, C channels, H heads, D = C/H, B sequences, T tokens of one sequence
public interface Kernels extends AutoCloseable {

    /// A name for people: "scalar", "simd 512 bit".
    String name();

    /// How many threads work.
    int threads();

    /// The memory for the operands of these kernels: the heap, unless they compute elsewhere. Operands of other
    /// memory are right as well, but copied back and forth at every call.
    Memory memory();

    /// Returns when everything that was asked for is done: at once on a CPU.
    default void finish() {}

    /// Whether calls return before they are done, so that asking for a value waits.
    default boolean runBehind() {
        return false;
    }

    /// Much will be computed, and soon: whatever must be compiled for it may be compiled from now on, in the
    /// background. Without it the first steps of a training take longer; no result depends on it.
    default void warmUp() {}

    /// Ends the worker threads. Kernels must not be called afterwards.
    @Override
    void close();

    // ── Matrix products ──────────────────────────────────────────────────────────────────────────

    /// `C = A·Bᵀ + bias`: the forward pass of a linear layer.
    ///
    ///     a [m, k]    b [n, k]    bias [n] or null    c [m, n]
    void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Floats c, boolean accumulate);

    /// Whether products can end in this activation, which saves a pass over their result.
    default boolean fuses(Activation f) {
        return false;
    }

    /// `C = A·Bᵀ + bias`, `Y = f(C)`: a linear layer and its activation, where [#fuses].
    ///
    ///     a [m, k]    b [n, k]    bias [n] or null    c [m, n], or null where nobody reads it    y [m, n]
    default void matmulNT(int m, int n, int k, Floats a, Floats b, Floats bias, Activation f, Floats c, Floats y) {
        activated(f, m * n, c, y, product -> matmulNT(m, n, k, a, b, bias, product, false));
    }

    /// `C = A·B`: the gradient of a linear layer's input, `dX = dY·W`.
    ///
    ///     a [m, k]    b [k, n]    c [m, n]
    void matmulNN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate);

    /// `C = Aᵀ·B`: the gradient of a linear layer's weight, `dW = dYᵀ·X`.
    ///
    ///     a [k, m]    b [k, n]    c [m, n]
    void matmulTN(int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate);

    /// Whether [#matmulPacked] is faster than [#matmulNT], so that packing pays.
    default boolean packs() {
        return true;
    }

    /// How many values [#pack] needs for a weight `[outputs, inputs]`.
    int packedSize(int outputs, int inputs);

    /// Puts a weight `w [outputs, inputs]` into the order in which [#matmulPacked] reads it; `packed` holds
    /// [#packedSize] values.
    void pack(Floats w, PackedMatrix packed);

    /// `C = A·Wᵀ + bias` with W packed once: the linear layer of inference. Equal to [#matmulNT] bit for bit.
    ///
    ///     a [m, w.inputs]    bias [w.outputs] or null    c [m, w.outputs]
    void matmulPacked(int m, Floats a, PackedMatrix w, Floats bias, Floats c);

    // ── Weights of 16 bits ───────────────────────────────────────────────────────────────────────
    //
    // W is held as R(W), R being Precision#round of BF16 or FP16, and everything computed in float32: the same bits
    // as of a float32 weight that was rounded before.

    /// Whether weights can be held in this precision.
    default boolean holds(Precision precision) {
        return precision == Precision.FP32;
    }

    /// How many numbers of 16 bits [#pack] needs for a weight `[outputs, inputs]`.
    default int narrowSize(int outputs, int inputs) {
        return Math.multiplyExact(outputs, inputs);
    }

    /// Puts rows [from, from + w.length / inputs) of a weight into the order in which [#matmulPacked] reads it.
    ///
    ///     w [·, packed.inputs], all R(w) finite    packed [narrowSize]
    ///
    /// @param from a multiple of [NarrowMatrix#ROWS], as is the number of rows but for the last ones
    default void pack(Floats w, int from, NarrowMatrix packed) {
        packed.panels().write(w, from * packed.inputs());
    }

    /// `C = A·R(W)ᵀ + bias`: the linear layer of inference.
    ///
    ///     a [m, w.inputs]    bias [w.outputs] or null    c [m, w.outputs]
    default void matmulPacked(int m, Floats a, NarrowMatrix w, Floats bias, Floats c) {
        Floats wide = Floats.allocate(w.outputs() * w.inputs());
        w.panels().read(0, wide, false);
        matmulNT(m, w.outputs(), w.inputs(), a, wide, bias, c, false);
    }

    /// `out[r] = table[ids[r]]` or `out[r] += table[ids[r]]`.
    ///
    ///     table [·, cols]    ids [rows], each inside the table    out [rows, cols]
    default void gather(int rows, int cols, Halves table, int[] ids, Floats out, boolean accumulate) {
        for (int r = 0; r < rows; r++) table.read(ids[r] * cols, out.slice(r * cols, cols), accumulate);
    }

    // ── Matrix products of low precision ─────────────────────────────────────────────────────────
    //
    // Their operands are R(x), R being Precision#round, in a form that only the kernels know which made it by #lower;
    // here it is float32. Sums are float32, and the results are R'(…) in float32, R' of Precision#results.

    /// How many values [#lower] needs for a matrix `[rows, cols]`.
    default int loweredSize(Precision precision, int rows, int cols) {
        return Math.multiplyExact(rows, cols);
    }

    /// Makes an operand of products of this precision; `out` holds [#loweredSize] values.
    ///
    ///     x [rows, cols]
    default void lower(Precision precision, int rows, int cols, Floats x, Floats out) {
        round(precision, rows * cols, x, out, false);
    }

    /// `C = R′(A·Bᵀ + R′(bias))`.
    ///
    ///     a [m, k], b [n, k], lowered    bias [n] or null    c [m, n]
    default void matmulNT(Precision precision, int m, int n, int k, Floats a, Floats b, Floats bias, Floats c) {
        Precision results = precision.results();
        Floats added = bias == null ? null : memory().take(n);
        if (bias != null) round(results, n, bias, added, false);
        matmulNT(m, n, k, a, b, added, c, false);
        if (bias != null) memory().give(added);
        if (results != Precision.FP32) round(results, m * n, c, c, false);
    }

    /// `C = R′(A·Bᵀ + R′(bias))`, `Y = f(C)`.
    ///
    ///     a [m, k], b [n, k], lowered    bias [n] or null    c [m, n], or null where nobody reads it    y [m,
    ///     n]
    default void matmulNT(
            Precision precision,
            int m,
            int n,
            int k,
            Floats a,
            Floats b,
            Floats bias,
            Activation f,
            Floats c,
            Floats y) {
        activated(f, m * n, c, y, product -> matmulNT(precision, m, n, k, a, b, bias, product));
    }

    /// `C = R′(A·B)` or `C += R′(A·B)`.
    ///
    ///     a [m, k], b [k, n], lowered    c [m, n]
    default void matmulNN(Precision precision, int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        rounded(precision, m * n, c, accumulate, (out, add) -> matmulNN(m, n, k, a, b, out, add));
    }

    /// `C = R′(Aᵀ·B)` or `C += R′(Aᵀ·B)`.
    ///
    ///     a [k, m], b [k, n], lowered    c [m, n]
    default void matmulTN(Precision precision, int m, int n, int k, Floats a, Floats b, Floats c, boolean accumulate) {
        rounded(precision, m * n, c, accumulate, (out, add) -> matmulTN(m, n, k, a, b, out, add));
    }

    /// `out[c] = R′(Σ_r x[r, c])` or `out[c] += …`.
    ///
    ///     x [rows, cols], lowered    out [cols]
    default void sumRows(Precision precision, int rows, int cols, Floats x, Floats out, boolean accumulate) {
        rounded(precision, cols, out, accumulate, (sums, add) -> sumRows(rows, cols, x, sums, add));
    }

    /// The activation of what a kernel writes to c, or to memory of its own.
    private void activated(Activation f, int n, Floats c, Floats y, Consumer<Floats> kernel) {
        Floats product = c == null ? memory().take(n) : c;
        kernel.accept(product);
        activation(f, n, product, y);
        if (c == null) memory().give(product);
    }

    /// A kernel that writes or adds n values, its results rounded first.
    private void rounded(
            Precision precision, int n, Floats out, boolean accumulate, BiConsumer<Floats, Boolean> kernel) {
        Precision results = precision.results();
        if (results == Precision.FP32) {
            kernel.accept(out, accumulate);
        } else if (!accumulate) {
            kernel.accept(out, false);
            round(results, n, out, out, false);
        } else {
            Floats exact = memory().take(n);
            kernel.accept(exact, false);
            round(results, n, exact, out, true);
            memory().give(exact);
        }
    }

    // ── Elementwise ──────────────────────────────────────────────────────────────────────────────

    /// `out = value`, n values.
    void fill(int n, float value, Floats out);

    /// `out = x` or `out += x`.
    void copy(int n, Floats x, Floats out, boolean accumulate);

    /// `out = x + y`; out may be x or y.
    void add(int n, Floats x, Floats y, Floats out);

    /// `out = x · y` or `out += x · y`, elementwise; out may be x or y.
    void multiply(int n, Floats x, Floats y, Floats out, boolean accumulate);

    /// `out = a·x` or `out += a·x`; out may be x.
    void scale(int n, float a, Floats x, Floats out, boolean accumulate);

    /// The same with an a [1] that lies where the operands do, so that nobody waits to know it.
    default void scale(int n, Floats a, Floats x, Floats out, boolean accumulate) {
        scale(n, a.get(0), x, out, accumulate);
    }

    /// `y = f(x)`.
    void activation(Activation f, int n, Floats x, Floats y);

    /// `dx = dy · f′(x)`. f′ is computed again from x; y = f(x) is given for those that need it only (tanh,
    /// sigmoid).
    void activationBackward(Activation f, int n, Floats x, Floats y, Floats dy, Floats dx, boolean accumulate);

    /// `out = x · keep / (1 − p)`, see [Dropout]; with the gradient as x this is also the backward pass. out
    /// may be x.
    void dropout(int n, Floats x, Dropout dropout, Floats out, boolean accumulate);

    /// `out = R(x)` or `out += R(x)`, R being [Precision#round]; out may be x.
    void round(Precision precision, int n, Floats x, Floats out, boolean accumulate);

    /// `out[c] = Σ_r x[r, c]`, rows in ascending order within fixed blocks: a bias gradient.
    ///
    ///     x [rows, cols]    out [cols]
    void sumRows(int rows, int cols, Floats x, Floats out, boolean accumulate);

    // ── Gather ───────────────────────────────────────────────────────────────────────────────────

    /// `out[r] = table[ids[r]]` or `out[r] += table[ids[r]]`.
    ///
    ///     table [·, cols]    ids [rows], each inside the table    out [rows, cols]
    void gather(int rows, int cols, Floats table, int[] ids, Floats out, boolean accumulate);

    /// `table[rows[r]] += x[r]`.
    ///
    ///     x [count, cols]    rows [count], all different    table [·, cols]
    default void addRows(int count, int cols, Floats x, int[] rows, Floats table) {
        for (int r = 0; r < count; r++) copy(cols, x.slice(r * cols, cols), table.slice(rows[r] * cols, cols), true);
    }

    /// `out[g] = Σ x[order[j]]` for `groups[g] ≤ j < groups[g+1]`, in ascending j: the sparse gradient of a
    /// gather, one row a distinct id.
    ///
    ///     x [·, cols]    groups [count + 1]    order [groups[count]]    out [count, cols]
    void sumGroups(int count, int cols, Floats x, int[] groups, int[] order, Floats out, boolean accumulate);

    // ── Layer normalization ──────────────────────────────────────────────────────────────────────

    /// Residual connection and layer normalization over the last axis in one pass (Ba et al. 2016,
    /// arXiv:1607.06450): `s = x·keep/(1−p) + residual`, `y = (s − μ) · r · γ + β`, `r = 1/√(σ² + ε)`, σ² the
    /// biased variance, computed from the centred values.
    ///
    ///     x, residual (or null), y [rows, cols]    γ, β [cols]    sum [rows, cols] or null: s, kept for the
    ///     backward pass
    ///     μ, r [rows] or null, kept likewise       x may be sum
    void layerNorm(
            int rows,
            int cols,
            Floats x,
            Dropout dropout,
            Floats residual,
            Floats gamma,
            Floats beta,
            float eps,
            Floats sum,
            Floats y,
            Floats mean,
            Floats rstd);

    /// `ŝ = (s − μ)·r`, `dŝ = dy·γ`, `ds = r · (dŝ − mean(dŝ) − ŝ · mean(dŝ·ŝ))`, `dγ = Σ dy·ŝ`, `dβ = Σ dy`.
    ///
    ///     sum, dy, ds [rows, cols]    dγ, dβ [cols] or null; always accumulated when dgammaAccumulate
    void layerNormBackward(
            int rows,
            int cols,
            Floats sum,
            Floats gamma,
            Floats mean,
            Floats rstd,
            Floats dy,
            Floats ds,
            boolean accumulate,
            Floats dgamma,
            Floats dbeta,
            boolean accumulateParameters);

    // ── Attention ────────────────────────────────────────────────────────────────────────────────

    /// Scaled dot-product attention over packed sequences, one (sequence, head) at a time (Vaswani et al. 2017,
    /// arXiv:1706.03762): `P = softmax(Q·Kᵀ/√D)`, `context = dropout(P)·V`. A token sees the tokens of its own
    /// sequence only.
    ///
    ///     q, k, v, context [N, C], head h in channels h·D … (h+1)·D    starts [B + 1], starts[0] = 0,
    ///     starts[B] = N, no sequence empty
    ///     logSumExp [H, N] or null: ln Σ_j e^{score[i,j]}, kept for the backward pass instead of P
    ///
    /// The dropout's element index of P[i, j] of head h and the token i of the batch is `(h·N + i)·W + j`, j
    /// counted inside the sequence, with W = the longest sequence rounded up to a multiple of 4.
    void attention(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            Dropout dropout,
            Floats context,
            Floats logSumExp);

    /// With `dP = dcontext·Vᵀ` (through the dropout), `dS = P ∘ (dP − rowsum(dcontext ∘ context))`:
    /// `dQ = dS·K/√D`, `dK = dSᵀ·Q/√D`, `dV = dropout(P)ᵀ·dcontext`. P is computed again from q, k and
    /// logSumExp.
    ///
    ///     dq, dk, dv [N, C]: written, not accumulated
    void attentionBackward(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            Dropout dropout,
            Floats context,
            Floats logSumExp,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv);

    /// Disentangled attention over packed sequences (He et al. 2021, "DeBERTa", arXiv:2006.03654): as
    /// [#attention], with `score[i,j] = (q_i·k_j + q_i·keys_r + k_j·queries_r) · scale` where r is the row of
    /// the relative position i − j. A table that is null leaves its term out.
    ///
    ///     q, k, v, context [N, C]    positions.keys, positions.queries [P, C]    logSumExp [H, N] or null
    ///
    /// The dropout's element index is that of [#attention].
    void disentangledAttention(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats logSumExp);

    /// With `dS` as in [#attentionBackward], times scale, and r the row of i − j:
    /// `dq_i = Σ_j dS_ij·(k_j + keys_r)`, `dk_j = Σ_i dS_ij·(q_i + queries_r)`, `dkeys_r = Σ dS_ij·q_i` and
    /// `dqueries_r = Σ dS_ij·k_j` over all (i, j) of the row r in all sequences.
    ///
    ///     dq, dk, dv [N, C]    dkeys, dqueries [P, C], or null as their tables: all written, not accumulated
    void disentangledAttentionBackward(
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats logSumExp,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dkeys,
            Floats dqueries);

    // ── Attention of low precision ───────────────────────────────────────────────────────────────

    /// How many values [#attention] of low precision keeps for its backward pass, in a form that only these
    /// kernels know; 0 where there is no such attention, which is then written out in [#headSteps].
    ///
    /// @param positions null: plain
    default int attentionKeeps(Precision precision, int heads, int channels, int tokens, RelativePositions positions) {
        return 0;
    }

    /// [#disentangledAttention] (plain where positions are null) on R(x) of every operand, R being
    /// [Precision#round], with P rounded before its product with V and the context rounded. Scores and the
    /// softmax are float32.
    ///
    ///     kept [attentionKeeps], or null: there will be no backward pass
    ///
    /// @throws UnsupportedOperationException where [#attentionKeeps] is 0, which callers ask first
    default void attention(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats kept) {
        throw new UnsupportedOperationException("attention in " + precision + " is written out here");
    }

    /// The gradients of [#disentangledAttentionBackward], all rounded; R(dcontext) comes in, and P and dS are
    /// rounded before their products.
    ///
    ///     context, kept: as the forward pass left them
    ///
    /// @throws UnsupportedOperationException where [#attentionKeeps] is 0
    default void attentionBackward(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            RelativePositions positions,
            float scale,
            Dropout dropout,
            Floats context,
            Floats kept,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dkeys,
            Floats dqueries) {
        throw new UnsupportedOperationException("attention in " + precision + " is written out here");
    }

    // ── Attention with a bias ────────────────────────────────────────────────────────────────────

    /// How many values [#biasedAttention] keeps for its backward pass, in a form that only these kernels know;
    /// 0 where there is no such attention, which is then written out in [#headSteps].
    default int biasedAttentionKeeps(Precision precision, int heads, int channels, int tokens) {
        return 0;
    }

    /// [#attention] with `score[i,j] = q_i·k_j/√D + bias[bucket(j − i), h]`; in low precision rounded as there.
    ///
    ///     kept [biasedAttentionKeeps], or null: there will be no backward pass
    ///
    /// @throws UnsupportedOperationException where [#biasedAttentionKeeps] is 0, which callers ask first
    default void biasedAttention(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativeBias bias,
            Dropout dropout,
            Floats context,
            Floats kept) {
        throw new UnsupportedOperationException("attention with a bias is written out here");
    }

    /// The gradients of [#attentionBackward], in low precision rounded, and the unrounded
    /// `dbias[b, h] = Σ P ∘ (dP − rowsum(P ∘ dP))` over all (i, j) of the bucket b in all sequences.
    ///
    ///     context, kept: as the forward pass left them    dq, dk, dv [N, C], dbias [buckets, H] or null: not
    ///     wanted; all written, not accumulated
    ///
    /// @throws UnsupportedOperationException where [#biasedAttentionKeeps] is 0
    default void biasedAttentionBackward(
            Precision precision,
            int heads,
            int channels,
            int[] starts,
            int sequences,
            Floats q,
            Floats k,
            Floats v,
            RelativeBias bias,
            Dropout dropout,
            Floats context,
            Floats kept,
            Floats dcontext,
            Floats dq,
            Floats dk,
            Floats dv,
            Floats dbias) {
        throw new UnsupportedOperationException("attention with a bias is written out here");
    }

    /// The steps of attention that is written out, over packed sequences.
    ///
    /// @param width D
    default HeadSteps headSteps(int heads, int width, int[] starts) {
        return new ScalarHeadSteps(this, heads, width, starts);
    }

    // ── Convolution ──────────────────────────────────────────────────────────────────────────────

    /// What a convolution over the tokens of each sequence multiplies its weight with: channel c of group g
    /// of the tokens around token i, zero outside of the sequence.
    /// `windows[g, i, c·taps + t] = x[i + t − ⌊taps/2⌋, g·(C/groups) + c]`
    ///
    ///     x [N, C]    windows [groups, N, C/groups · taps]
    void unfold(int groups, int channels, int taps, int[] starts, int sequences, Floats x, Floats windows);

    /// The transpose of [#unfold]: every value of a window is added to the token that it came from, in
    /// ascending t.
    void fold(
            int groups,
            int channels,
            int taps,
            int[] starts,
            int sequences,
            Floats windows,
            Floats x,
            boolean accumulate);

    // ── Losses ───────────────────────────────────────────────────────────────────────────────────

    /// Softmax and weighted, smoothed cross-entropy in one pass, as PyTorch's `CrossEntropyLoss(weight,
    /// label_smoothing)` with mean reduction: `loss = Σ_r [(1−s)·w_y·(−ln p_y) + s/K·Σ_c w_c·(−ln p_c)] / Σ_r
    /// w_y`. Rows whose label is −100 are ignored.
    ///
    ///     logits, dlogits [rows, classes]    labels [rows]    weights [classes] or null    loss [1]
    ///     dlogits: the gradient of the loss, or null
    void crossEntropy(
            int rows,
            int classes,
            Floats logits,
            int[] labels,
            Floats weights,
            float smoothing,
            Floats loss,
            Floats dlogits);

    /// Sigmoid and binary cross-entropy in one pass, as PyTorch's `BCEWithLogitsLoss(pos_weight)` with mean
    /// reduction over all n·classes values.
    ///
    ///     logits, targets, dlogits [rows, classes]    positiveWeights [classes] or null    loss [1]
    void binaryCrossEntropy(
            int rows, int classes, Floats logits, Floats targets, Floats positiveWeights, Floats loss, Floats dlogits);

    // ── Optimizer ────────────────────────────────────────────────────────────────────────────────

    /// `Σ x²` in double, summed over fixed blocks in ascending order. NaN and infinity come through.
    double sumOfSquares(int n, Floats x);

    /// The sum of [#sumOfSquares] over several operands, added in their order: the same bits as one by one.
    default double sumOfSquares(List<Floats> operands) {
        double sum = 0;
        for (Floats x : operands) sum += sumOfSquares(x.length, x);
        return sum;
    }

    /// One step of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) in one pass, with `ĝ = g·gradScale`:
    ///
    ///     p ← p·(1 − lr·weightDecay)
    ///     m ← m + (ĝ − m)·(1−β1)       v ← β2·v + (1−β2)·ĝ²
    ///     p ← p − lr/bias1 · m / (√v/√bias2 + ε)
    ///
    /// bias1 = 1 − β1ᵗ and bias2 = 1 − β2ᵗ; the operations and their order are PyTorch's.
    ///
    ///     p, g, m, v [n]; g null means a gradient of zeros (a row that the batch did not touch)
    void adamW(int n, Floats p, Floats g, Floats m, Floats v, AdamStep step);

    /// [#adamW] of several parameters, no two of which share memory: the same bits as one by one.
    default void adamW(List<AdamUpdate> updates) {
        for (AdamUpdate u : updates) adamW(u.p.length, u.p, u.g, u.m, u.v, u.step);
    }

    /// What gradients are multiplied with so that their norm is at most `most` (Pascanu et al. 2013,
    /// arXiv:1211.5063), left where the operands are:
    ///
    ///     out = (‖g‖, min(1, most / (‖g‖ + 1e-6)))    ‖g‖ = √Σ g²
    ///
    /// The second is NaN where ‖g‖ is no finite number, and 1 where `most` is 0.
    default void clipScale(List<Floats> gradients, double most, Floats out) {
        double norm = Math.sqrt(sumOfSquares(gradients));
        out.set(0, (float) norm);
        out.set(1, Double.isFinite(norm) ? clip(norm, most) : Float.NaN);
    }

    /// The same of gradients of a loss that was multiplied with s, the scale at hand, which then becomes that
    /// of the next step ([LossScale#update]):
    ///
    ///     out = (‖g‖/s, min(1, most / (‖g‖/s + 1e-6)) / s, s′)
    default void clipScale(List<Floats> gradients, double most, LossScale scale, Floats out) {
        float s = scale.value();
        double norm = Math.sqrt(sumOfSquares(gradients)) / s;
        boolean finite = Double.isFinite(norm);
        out.set(0, (float) norm);
        out.set(1, finite ? clip(norm, most) / s : Float.NaN);
        scale.update(finite);
        out.set(2, scale.value());
    }

    private static float clip(double norm, double most) {
        return most == 0 ? 1f : (float) Math.min(1, most / (norm + 1e-6));
    }

    /// [#adamW] of several parameters whose gradients are multiplied with `clip[1]` of [#clipScale] beside
    /// their own gradScale. Nothing happens if that is NaN.
    default void adamW(List<AdamUpdate> updates, Floats clip) {
        float scale = clip.get(1);
        if (Float.isNaN(scale)) return;
        for (AdamUpdate u : updates) adamW(u.p.length, u.p, u.g, u.m, u.v, u.step.scaled(scale));
    }

    /// [#adamW] of a table of which the batches so far used only some rows; the others have m = v = 0, and only
    /// the weight decay moves them: the same bits as of the dense gradient.
    ///
    ///     p, m, v [rows, cols]    g [·, cols]    rowOf [rows]
    ///
    /// @param rowOf of each row of the table its row of g, [#NOT_NOW] where this batch left it out, [#NEVER]
    ///     where all did
    default void adamWRows(int rows, int cols, Floats p, Floats g, int[] rowOf, Floats m, Floats v, AdamStep step) {
        for (int r = 0; r < rows; r++) {
            Floats row = p.slice(r * cols, cols);
            if (rowOf[r] == NEVER) scale(cols, step.decay(), row, row, false);
            else
                adamW(
                        cols,
                        row,
                        rowOf[r] == NOT_NOW ? null : g.slice(rowOf[r] * cols, cols),
                        m.slice(r * cols, cols),
                        v.slice(r * cols, cols),
                        step);
        }
    }

    /// Of [#adamWRows].
    int NOT_NOW = -1, NEVER = -2;

    /// The operands of one [#adamW], all of p's length; g null as there.
    record AdamUpdate(Floats p, Floats g, Floats m, Floats v, AdamStep step) {}

    /// The scalars of one step of [#adamW].
    record AdamStep(
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            double bias1,
            double bias2,
            float gradScale) {
        /// What every parameter is multiplied with: `1 − lr·weightDecay`.
        public float decay() {
            return (float) (1 - lr * weightDecay);
        }

        AdamStep scaled(float factor) {
            return new AdamStep(lr, beta1, beta2, eps, weightDecay, bias1, bias2, gradScale * factor);
        }
    }
}
