package dev.merapi.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The PTX that is committed: made of these sources, and assembled for devices that are not here.
class PtxTest {
    private static final Path BUILD = Path.of("../src/cuda/build");
    private static final Pattern USED =
            Pattern.compile("entry function '(\\w+)'|(\\d+) bytes spill stores|Used (\\d+) registers");
    private static final int MOST_SPILLED = 44; // bytes, by a kernel

    /// Ampere and Hopper, and what runs on Hopper alone. What the compiler reports of registers and spills is
    /// printed, by module.
    @ParameterizedTest
    @ValueSource(strings = {"sm_80", "sm_90", "sm_90a"})
    void isAssembled(String architecture) {
        assumeTrue(compilerLoads(), "JCuda's PTX compiler does not load here: the PTX is not assembled");
        JNvPTXCompiler.setExceptionsEnabled(false);
        for (String name : Modules.NAMES) {
            if (name.contains("hopper") != architecture.equals("sm_90a")) continue;
            byte[] ptx = Modules.ptx(name);
            var compiler = new nvPTXCompilerHandle();
            assertEquals(
                    nvPTXCompileResult.NVPTXCOMPILE_SUCCESS,
                    JNvPTXCompiler.nvPTXCompilerCreate(compiler, ptx.length, ptx));
            String[] options = {"--gpu-name=" + architecture, "--verbose"};
            int result = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
            assertEquals(nvPTXCompileResult.NVPTXCOMPILE_SUCCESS, result, () -> name + ": " + errors(compiler));
            String report = report(compiler);
            assertTrue(!report.contains("Performance Loss"), name + ": " + report); // wgmma one after the other
            var registers = new TreeMap<String, Integer>();
            var spilled = new TreeMap<String, Integer>();
            String kernel = null;
            for (Matcher used = USED.matcher(report); used.find(); ) {
                if (used.group(1) != null) kernel = used.group(1);
                else if (used.group(2) != null) spilled.put(kernel, Integer.parseInt(used.group(2)));
                else registers.put(kernel, Integer.parseInt(used.group(3)));
            }
            assertEquals(Ptx.parameters(ptx).keySet(), registers.keySet());
            assertEquals(registers.keySet(), spilled.keySet());
            spilled.values().removeIf(bytes -> bytes == 0);
            System.out.println(architecture + " " + name + ": " + registers.size() + " kernels, registers "
                    + Collections.min(registers.values()) + " to " + Collections.max(registers.values())
                    + ", bytes spilled " + spilled);
            spilled.forEach((which, bytes) -> assertTrue(bytes <= MOST_SPILLED, which + " spills " + bytes + " bytes"));
            JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
        }
    }

    private static boolean compilerLoads() {
        try {
            JNvPTXCompiler.setExceptionsEnabled(false);
            return true;
        } catch (LinkageError e) {
            System.out.println(e.getMessage());
            return false;
        }
    }

    private static String errors(nvPTXCompilerHandle compiler) {
        long[] size = new long[1];
        JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, size);
        byte[] text = new byte[(int) size[0] + 1];
        JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private static String report(nvPTXCompilerHandle compiler) {
        long[] size = new long[1];
        JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(compiler, size);
        byte[] text = new byte[(int) size[0] + 1];
        JNvPTXCompiler.nvPTXCompilerGetInfoLog(compiler, text);
        return new String(text, StandardCharsets.UTF_8);
    }

    /// What arguments.awk makes of an entry: argument i lies 8 + 8·i bytes behind the address that is its only
    /// parameter, and its blocks are counted by the grid that lies there.
    @ParameterizedTest
    @MethodSource("modules")
    void kernelsReadTheirCallFromMemory(String name) {
        byte[] ptx = Modules.ptx(name);
        var counts = Ptx.parameters(ptx);
        String[] entries = new String(ptx, StandardCharsets.UTF_8).split("\\.visible \\.entry ");
        assertEquals(counts.size(), entries.length - 1);
        for (String entry : List.of(entries).subList(1, entries.length)) {
            String kernel = entry.substring(0, entry.indexOf('('));
            assertEquals(1, count(entry, "\\.param \\.u64 " + kernel + "_launch\n"), kernel);
            assertEquals(1, count(entry, "ld\\.param\\.u64 \t%launch, \\[" + kernel + "_launch]"), kernel);
            assertEquals(2, count(entry, "\\.param\\b"), kernel); // nothing else
            assertEquals(0, count(entry, "%nctaid"), kernel);
            assertEquals(1, count(entry, "@%beyond1 ret;"), kernel);
            var load = Pattern.compile("\\[%launch\\+(\\d+)]").matcher(entry);
            Set<Integer> read = new TreeSet<>();
            while (load.find()) read.add(Integer.parseInt(load.group(1)));
            for (int offset : read) assertEquals(0, offset % 8, kernel);
            int arguments = counts.get(kernel);
            assertTrue(read.isEmpty() || read.stream().max(Integer::compare).get() <= 8 * arguments, kernel);
            assertTrue(read.size() <= arguments && read.size() >= arguments - 3, kernel + " reads " + read);
        }
    }

    static List<String> modules() {
        return Modules.NAMES;
    }

    private static long count(String text, String pattern) {
        return Pattern.compile(pattern).matcher(text).results().count();
    }

    @Test
    void aMissingJarIsNamed() {
        CudaException e = assertThrows(CudaException.class, () -> Modules.ptx("gone"));
        assertEquals(
                "cuda: the kernels are missing (gone.ptx); put the engine's jar for GPUs (dev.merapi:merapi-engine,"
                        + " classifier cuda) on the class path or use --device cpu",
                e.getMessage());
    }

    @Test
    void equalsWhatTheScriptMakesOfTheSources(@TempDir Path fresh) throws IOException, InterruptedException {
        assumeTrue(Files.exists(BUILD) && has13("nvcc"), "nvcc 13.0 is not here: the PTX is not compiled again");
        Process build = new ProcessBuilder(BUILD.toString(), "check", fresh.toString())
                .inheritIO()
                .start();
        assertEquals(0, build.waitFor());
        for (String name : Modules.NAMES)
            assertArrayEquals(
                    Files.readAllBytes(fresh.resolve(name + ".ptx")),
                    Modules.ptx(name),
                    name + ".ptx is not made of this " + name + ".cu; run src/cuda/build");
        byte[] made = Files.readAllBytes(fresh.resolve("gemm_hopper.cubin")), committed = hopper();
        if (assembler(made).equals(assembler(committed)))
            assertArrayEquals(
                    made, committed, "gemm_hopper.cubin is not made of this gemm_hopper.cu; run src/cuda/build");
    }

    /// Whatever assembled it.
    @Test
    void machineCodeForHopperHasTheKernelsOfItsPtx() throws IOException {
        byte[] code = hopper();
        assertEquals("\177ELF", text(code).substring(0, 4));
        Set<String> kernels = new TreeSet<>();
        Matcher section = Pattern.compile("\0\\.text\\.(\\w+)\0").matcher(text(code));
        for (int at = 0; section.find(at); at = section.end() - 1) kernels.add(section.group(1));
        assertEquals(new TreeSet<>(Ptx.parameters(Modules.ptx("gemm_hopper")).keySet()), kernels);
        assertEquals(18, kernels.size()); // three products, two precisions, three tiles
    }

    private static byte[] hopper() throws IOException {
        try (var in = Modules.class.getResourceAsStream("/META-INF/merapi/cuda/gemm_hopper.cubin")) {
            return in.readAllBytes();
        }
    }

    private static String text(byte[] code) {
        return new String(code, StandardCharsets.ISO_8859_1);
    }

    /// What a cubin says of the version that made it; the same PTX has other machine code from another.
    private static String assembler(byte[] code) {
        Matcher build = Pattern.compile("Build cuda_[\\w./]+").matcher(text(code));
        return build.find() ? build.group() : "unknown";
    }

    private static boolean has13(String compiler) throws InterruptedException {
        try {
            Process version = new ProcessBuilder(compiler, "--version").start();
            String text = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return version.waitFor() == 0 && text.contains("release 13.0");
        } catch (IOException e) {
            return false;
        }
    }
}
