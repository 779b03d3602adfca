package dev.merapi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.merapi.data.Example;
import dev.merapi.data.Target;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.tasks.Colours;
import dev.merapi.tasks.CudaDevice;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `--device cuda` from the command line to the driver's calls.
class CudaVerbTest {
    @TempDir
    Path folder;

    private Path encoder;
    private Path data;

    @BeforeEach
    void makeFiles() throws IOException {
        assumeTrue(CudaDevice.missing().isEmpty(), () -> CudaDevice.missing().orElseThrow());
        encoder = Colours.encoder(folder.resolve("encoder"));
        List<String> rows = new ArrayList<>(List.of("id,text,label"));
        for (Example example : Colours.dataset("train", 24, 0).examples()) {
            String label = Colours.LABELS.get(((Target.OneOf) example.target()).label());
            rows.add(example.id() + "," + example.text() + "," + label);
        }
        data = Files.write(folder.resolve("data.csv"), rows);
    }

    private List<String> training(String output) {
        return List.of(
                "train",
                "pair-classification",
                "--model=" + encoder,
                "--train=" + data,
                "--dev=" + data,
                "--output-dir=" + folder.resolve(output),
                "--num-train-epochs=2",
                "--per-device-train-batch-size=8",
                "--learning-rate=1e-2",
                "--device=cuda",
                "--json");
    }

    private byte[] weights(String output) throws IOException {
        return Files.readAllBytes(folder.resolve(output).resolve("model.safetensors"));
    }

    /// Memory that is looked at before and after every use leaves no graph: the other process launches one by
    /// one what are graphs in this one.
    @Test
    void graphsGiveTheBitsOfSingleLaunchesInAnotherProcess() throws Exception {
        Run graphs = Run.of("", training("graphs").toArray(String[]::new));
        assertEquals(0, graphs.code(), graphs.err());
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Xmx200m",
                "-ea:dev.merapi.engine.cuda...",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                Stream.of("jdk.module.path", "java.class.path")
                        .map(System::getProperty)
                        .filter(Objects::nonNull)
                        .collect(Collectors.joining(File.pathSeparator)),
                "dev.merapi.cli.Main"));
        command.addAll(training("single"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        CudaDevice.emulated().ifPresent(f -> builder.environment().put("LD_LIBRARY_PATH", f.toString()));
        Process single = builder.start();
        String said = single.inputReader().readAllAsString();
        assertEquals(0, single.waitFor(), said);
        assertArrayEquals(weights("graphs"), weights("single"));
    }

    @Test
    void whatWasTrainedOnCudaPredictsTheSameOnTheCpu() throws IOException {
        assertEquals(0, Run.of("", training("model").toArray(String[]::new)).code());
        List<List<Json.Obj>> predictions = new ArrayList<>();
        for (String device : List.of("cpu", "cuda")) {
            Path to = folder.resolve(device + ".jsonl");
            Run run = Run.of(
                    "",
                    "predict",
                    "pair-classification",
                    "--model=" + folder.resolve("model"),
                    "--input=" + data,
                    "--output=" + to,
                    "--device=" + device,
                    "--logits");
            assertEquals(0, run.code(), run.err());
            predictions.add(Files.readAllLines(to).stream()
                    .map(line -> Json.parse("line", line.getBytes(StandardCharsets.UTF_8)))
                    .toList());
        }
        assertEquals(24, predictions.getFirst().size());
        for (int row = 0; row < 24; row++) {
            Json.Obj cpu = predictions.get(0).get(row),
                    cuda = predictions.get(1).get(row);
            assertEquals(cpu.string("label"), cuda.string("label"));
            assertArrayEquals(logits(cpu), logits(cuda), 1e-5);
        }
    }

    private static double[] logits(Json.Obj prediction) {
        return prediction.array("logits").stream()
                .mapToDouble(number -> Double.parseDouble(((Json.Num) number).text()))
                .toArray();
    }

    @Test
    void doctorNamesTheDevice() {
        Run doctor = Run.of("", "doctor");
        assertTrue(
                doctor.out().matches("(?s).*\ncuda     .* \\(sm_\\d+, \\d+ GB\\); use it with --device cuda\n.*"),
                doctor.out());
    }
}
