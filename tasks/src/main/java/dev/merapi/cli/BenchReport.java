package dev.merapi.cli;

import dev.merapi.engine.Device;
import dev.merapi.engine.Limits;
import dev.merapi.engine.kernel.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What `merapi bench` says, for people and as JSON.
final class BenchReport {
    private BenchReport() {}

    record Line(String text, JsonLine json) {}

    /// What is timed, under the name that the report gives it.
    record Work(String name, BenchModel.Repeatable run) {}

    static Line machine(Device device, Limits limits) {
        String text = format(
                "%s: multiply-adds %.0f GFLOP/s, memory read %.1f GB/s, copy %.1f GB/s (read and written)",
                device, limits.operations() * 1e-9, limits.read() * 1e-9, limits.copy() * 1e-9);
        JsonLine json = new JsonLine()
                .put("figure", "limits")
                .put("kernels", device.kernels().name())
                .put("threads", limits.threads())
                .put("flops_per_second", limits.operations())
                .put("read_bytes_per_second", limits.read())
                .put("copy_bytes_per_second", limits.copy());
        return new Line(text, json);
    }

    static Line product(GemmSpeed.Row row, Limits limits) {
        double peak = limits.operations();
        String text = format(
                "%16s  x·Wᵀ packed %3.0f %%   x·Wᵀ %3.0f %%   dy·W %3.0f %%   dyᵀ·x %3.0f %%   of the multiply-adds",
                row.size(),
                100 * row.packed() / peak,
                100 * row.forward() / peak,
                100 * row.input() / peak,
                100 * row.weight() / peak);
        JsonLine json = new JsonLine()
                .put("figure", "gemm")
                .put("size", row.size())
                .put("packed_share_of_peak", row.packed() / peak)
                .put("forward_share_of_peak", row.forward() / peak)
                .put("input_gradient_share_of_peak", row.input() / peak)
                .put("weight_gradient_share_of_peak", row.weight() / peak);
        return new Line(text, json);
    }

    /// @param size    sequences and the tokens of each
    /// @param seconds of one pass or step
    static Line speed(String work, ModelOption model, int[] size, double seconds) {
        double tokens = size[0] * (double) size[1] / seconds;
        String text = format(
                "%-8s of %s, %d × %d tokens: %,.0f tokens/s, %.2f ms",
                work, model, size[0], size[1], tokens, 1e3 * seconds);
        JsonLine json = new JsonLine()
                .put("figure", work)
                .put("model", model.toString())
                .put("sequences", size[0])
                .put("length", size[1])
                .put("tokens_per_second", tokens)
                .put("seconds", seconds);
        return new Line(text, json);
    }

    /// A forward pass with weights of 16 bits, and the same in float32.
    ///
    /// @param seconds of one pass
    static Line dtype(String dtype, ModelOption model, int[] size, double seconds, double float32) {
        double tokens = size[0] * (double) size[1] / seconds;
        String text = format(
                "forward  of %s in %s, %d × %d tokens: %,.0f tokens/s, %.2f ms, float32 %.2f ms, %.2f×",
                model, dtype, size[0], size[1], tokens, 1e3 * seconds, 1e3 * float32, float32 / seconds);
        JsonLine json = new JsonLine()
                .put("figure", "forward")
                .put("model", model.toString())
                .put("dtype", dtype)
                .put("sequences", size[0])
                .put("length", size[1])
                .put("tokens_per_second", tokens)
                .put("seconds", seconds)
                .put("float32_seconds", float32);
        return new Line(text, json);
    }

    /// How many times faster all threads are than one.
    static Line scaling(int threads, double product, double forward, double training) {
        String text = format(
                "%d threads beside one: matrix product %.2f×, forward %.2f×, training %.2f×",
                threads, product, forward, training);
        JsonLine json = new JsonLine()
                .put("figure", "scaling")
                .put("threads", threads)
                .put("gemm", product)
                .put("forward", forward)
                .put("training", training);
        return new Line(text, json);
    }

    /// @param allocated bytes that a training step takes from the heap
    /// @param recycled  bytes that all steps share
    static Line allocation(long allocated, long recycled) {
        String text = format(
                "training takes %,.1f KB of small objects from the heap a step, its arrays from %,.1f MB that all"
                        + " share",
                allocated * 1e-3, recycled * 1e-6);
        JsonLine json = new JsonLine()
                .put("figure", "allocation")
                .put("allocated_bytes_per_step", allocated)
                .put("recycled_bytes", recycled);
        return new Line(text, json);
    }

    /// A line a kind of kernel, the longest first, then what is outside of kernels.
    ///
    /// @param times of the passes that the profile has seen
    static List<Line> profile(Profile profile, double[] times, Limits limits) {
        double all = Arrays.stream(times).sum();
        List<Line> lines = new ArrayList<>();
        for (Profile.Line kind : profile.kinds()) {
            double floor = limits.seconds(kind.operations(), kind.bytes());
            lines.add(part(kind.kind().toString(), kind.seconds(), kind.calls(), floor, all, times.length));
        }
        lines.add(part("outside of kernels", all - profile.seconds(), 0, 0, all, times.length));
        return lines;
    }

    private static Line part(String name, double seconds, long calls, double floor, double all, int passes) {
        String limit = floor == 0 ? "" : format("   %3.0f %% of the limit", 100 * floor / seconds);
        String text = format(
                "  %-22s %9.2f ms  %5.1f %%  %5d calls%s",
                name, 1e3 * seconds / passes, 100 * seconds / all, calls / passes, limit);
        JsonLine json = new JsonLine()
                .put("kernel", name)
                .put("seconds", seconds / passes)
                .put("share", seconds / all)
                .put("calls", calls / passes)
                .put("share_of_limit", floor == 0 ? null : (Double) (floor / seconds));
        return new Line(text, json);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
