package dev.merapi.engine;

import static dev.merapi.engine.Elementwise.round;
import static dev.merapi.engine.Elementwise.rounded;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.engine.kernel.Kernels;
import dev.merapi.engine.kernel.Precision;

/// The op that mixes information of neighbouring tokens.
public final class Convolution {
    private Convolution() {}

    /// A convolution over the tokens of each sequence, with zeros beyond its ends, as PyTorch's
    /// `Conv1d(C, O, taps, padding=taps/2, groups)`:
    /// `y[i, o] = b[o] + Σ_c Σ_t W[o, c, t] · x[i + t − ⌊taps/2⌋, c]`, c over the channels of o's group
    ///
    ///     x [N, C]    W [O, C/groups, taps], taps odd    b [O]    y [N, O]    starts [B + 1]
    ///
    /// Each token's window is unfolded to a row, so that a group is one matrix product with W as it lies. Low
    /// precision is as in [Matmul#linear].
    public static Tensor overTokens(Tensor x, Tensor weight, Tensor bias, int groups, int[] starts) {
        check(x, weight, bias, groups, starts);
        Precision p = Scope.precision().results();
        return rounded(convolve(round(x, p), round(weight, p), round(bias, p), groups, starts), p);
    }

    private static Tensor convolve(Tensor x, Tensor weight, Tensor bias, int groups, int[] starts) {
        Kernels k = x.kernels();
        int n = x.shape().rows(), channels = x.shape().columns(), sequences = starts.length - 1;
        int outputs = weight.shape().size(0), taps = weight.shape().size(2);
        int out = outputs / groups, in = channels / groups * taps; // of one group
        Tensor windows = Tensor.result(x.device(), Shape.of(groups, n, in));
        Tensor grouped = Tensor.result(x.device(), Shape.of(groups, n, out));
        k.unfold(groups, channels, taps, starts, sequences, x.data(), windows.data());
        for (int g = 0; g < groups; g++)
            k.matmulNT(
                    n,
                    out,
                    in,
                    part(windows.data(), g, groups),
                    part(weight.data(), g, groups),
                    part(bias.data(), g, groups),
                    part(grouped.data(), g, groups),
                    false);
        Tensor y = Tensor.result(x.device(), x.shape().withColumns(outputs));
        k.fold(groups, outputs, 1, starts, sequences, grouped.data(), y.data(), false); // groups side by side
        if (!Tensor.records(x, weight, bias)) return y;
        return y.onBackward(() -> {
            k.unfold(groups, outputs, 1, starts, sequences, y.gradient(), grouped.data());
            bias.contribute((db, accumulate) -> k.sumRows(n, outputs, y.gradient(), db, accumulate));
            weight.contribute((dw, accumulate) -> {
                for (int g = 0; g < groups; g++)
                    k.matmulTN(
                            out,
                            in,
                            n,
                            part(grouped.data(), g, groups),
                            part(windows.data(), g, groups),
                            part(dw, g, groups),
                            accumulate);
            });
            x.contribute((dx, accumulate) -> {
                for (int g = 0; g < groups; g++) // the windows' gradients, in their place
                k.matmulNN(
                            n,
                            in,
                            out,
                            part(grouped.data(), g, groups),
                            part(weight.data(), g, groups),
                            part(windows.data(), g, groups),
                            false);
                k.fold(groups, channels, taps, starts, sequences, windows.data(), dx, accumulate);
            });
        });
    }

    private static Floats part(Floats x, int g, int groups) {
        int size = x.length / groups;
        return x.slice(g * size, size);
    }

    private static void check(Tensor x, Tensor weight, Tensor bias, int groups, int[] starts) {
        int channels = x.shape().columns();
        if (weight.shape().rank() != 3
                || groups < 1
                || channels % groups != 0
                || weight.shape().size(0) % groups != 0
                || weight.shape().size(1) != channels / groups)
            throw new ShapeException("convolution: the weight must be [outputs, " + channels + " / groups, taps] with "
                    + groups + " groups beside x " + x.shape() + ", got " + weight.shape());
        if (weight.shape().size(2) % 2 == 0)
            throw new ShapeException("convolution: a window of "
                    + weight.shape().size(2) + " tokens has no middle; expected an odd number of taps");
        if (bias.shape().count() != weight.shape().size(0))
            throw new ShapeException("convolution: bias " + bias.shape() + " does not fit the weight " + weight.shape()
                    + ", expected [" + weight.shape().size(0) + "]");
        if (starts.length < 2
                || starts[0] != 0
                || starts[starts.length - 1] != x.shape().rows())
            throw new ShapeException(
                    "convolution: starts must run from 0 to the " + x.shape().rows() + " rows of x");
    }
}
