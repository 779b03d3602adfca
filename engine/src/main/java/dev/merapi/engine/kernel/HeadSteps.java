package dev.merapi.engine.kernel;

/// The steps that attention consists of where it is written out, for one batch: with a bias by relative
/// position, or in low precision, which rounds between the steps.
///
///     q, k, v, context apart [H, N, D]      a piece, the rows of a sequence under a head, is a matrix [t, D]
///     scores S, probabilities P             [t, t] of each sequence under the first head, then under the
///     second …
///
/// Every method does the same to all pieces; `accumulate` as in [Kernels].
public interface HeadSteps {
    /// `y[j, i] = x[i, j]`, rows of D: heads apart, or together again.
    ///
    ///     x [m, n, D]    y [n, m, D]
    void swap(int m, int n, Floats x, Floats y, boolean accumulate);

    /// `S = A·Bᵀ`, A and B apart.
    void productNT(Floats a, Floats b, Floats s, boolean accumulate);

    /// `Y = S·B`, B and Y apart.
    void productNN(Floats s, Floats b, Floats y, boolean accumulate);

    /// `Y = Sᵀ·B`, B and Y apart.
    void productTN(Floats s, Floats b, Floats y, boolean accumulate);

    /// `S[i,j] ← S[i,j]·scale + bias[bucket(j − i), h]`.
    ///
    ///     bias [buckets, H]    bucketOf [2·reach − 1]: of the distance d at `d + reach − 1`
    void addBias(Floats s, float scale, Floats bias, int[] bucketOf);

    /// `dbias[bucket(j − i), h] += dS[i,j]`.
    void addBiasBackward(Floats ds, int[] bucketOf, Floats dbias);

    /// `S[i,j] ← S[i,j] + terms[h, i, row(i − j)]`; with `byKey` `terms[h, j, row(i − j)]`.
    ///
    ///     terms [H, N, positions]    rowOf [2·reach − 1]: of the relative position r at `r + reach − 1`
    void addRelative(Floats s, Floats terms, int positions, int[] rowOf, boolean byKey);

    /// `dterms[h, i, row(i − j)] += dS[i,j]`; with `byKey` `dterms[h, j, row(i − j)]`.
    void addRelativeBackward(Floats ds, int positions, int[] rowOf, boolean byKey, Floats dterms);

    /// Rows of `softmax(scale·S)`, in place.
    void softmax(Floats s, float scale);

    /// `dS = scale · P ∘ (dP − rowsum(P ∘ dP))`.
    void softmaxBackward(Floats p, Floats dp, float scale, Floats ds, boolean accumulate);

    /// The dropout of the probabilities, on the elements that [Kernels#attention] drops.
    void dropout(Floats p, Dropout dropout, Floats y, boolean accumulate);
}
