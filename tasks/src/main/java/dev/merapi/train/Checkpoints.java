package dev.merapi.train;

import dev.merapi.engine.kernel.Floats;
import dev.merapi.nn.pretrained.FolderWriter;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.nn.pretrained.PretrainedException;
import dev.merapi.nn.pretrained.Safetensors;
import dev.merapi.nn.pretrained.SafetensorsWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// States of a run on disk, to go on from as if nothing had happened: folders `checkpoint-<step>`, each with
///
///     weights.safetensors      the trained parameters, the optimizer's moments, the average of the weights
///     state.json               all counters, the schedule, the best metrics, the log, the settings
///     manifest.json            the SHA-256 of both, written last
///
/// A folder is written beside its place, forced to the disk and renamed, so it is there completely or not at
/// all; whatever happens to a save, older checkpoints stay. One whose files do not match its manifest is passed
/// over.
public final class Checkpoints {
    static final String STATE = "state.json";

    private static final String WEIGHTS = "weights.safetensors";
    private static final String MANIFEST = "manifest.json";
    private static final String PREFIX = "checkpoint-";
    private static final System.Logger LOG = System.getLogger(Checkpoints.class.getName());

    private final Path root;
    private final int limit;
    private final List<Path> own = new ArrayList<>(); // saved by this run or by the one it goes on with, oldest first
    private boolean cleared; // whether those of other runs were deleted

    /// @param root  the folder of the checkpoints; made with the first one
    /// @param limit how many are kept; 0 for all
    public Checkpoints(Path root, int limit) {
        this.root = root;
        this.limit = limit;
    }

    /// @param state  counters and the like
    /// @param values arrays by name
    record Saved(Path folder, Json.Obj state, Map<String, Floats> values) {}

    /// Saves a state, then deletes what is too many: with the first save also the checkpoints of an earlier run
    /// and what a save left that was killed.
    Path save(int step, Json.Obj state, Map<String, Floats> values) {
        Path folder = root.resolve(PREFIX + step);
        if (own.contains(folder) && isWhole(folder)) return folder; // resumed here
        delete(folder);
        try (FolderWriter out = FolderWriter.open(folder)) {
            List<SafetensorsWriter.Weight> weights = new ArrayList<>();
            values.forEach(
                    (name, array) -> weights.add(new SafetensorsWriter.Weight(name, new long[] {array.length}, array)));
            out.weights(WEIGHTS, weights);
            out.json(STATE, state);
            out.json(
                    MANIFEST,
                    Json.Obj.empty(MANIFEST)
                            .with(WEIGHTS, sha256(out.file(WEIGHTS)))
                            .with(STATE, sha256(out.file(STATE))));
            out.commit();
        } catch (PretrainedException e) {
            throw new TrainingException(
                    folder + " cannot be saved, " + e.getMessage()
                            + "; older checkpoints are whole: make room, and go on" + " with --resume-from-checkpoint",
                    e);
        }
        own.remove(folder);
        own.add(folder);
        if (!cleared) {
            for (Path other : folders()) if (!own.contains(other)) delete(other);
            for (Path unfinished : files("\\." + PREFIX + "[0-9]+\\.[0-9a-f]+\\.tmp")) delete(unfinished);
        }
        cleared = true;
        while (limit > 0 && own.size() > limit) delete(own.removeFirst());
        return folder;
    }

    /// The newest checkpoint that is whole.
    Optional<Saved> newest() {
        for (Path folder : folders()) {
            if (isWhole(folder)) {
                own.addAll(folders().stream()
                        .filter(other -> step(other) <= step(folder))
                        .toList()
                        .reversed());
                return Optional.of(
                        new Saved(folder, Json.read(folder.resolve(STATE)), values(folder.resolve(WEIGHTS))));
            }
            LOG.log(System.Logger.Level.WARNING, "{0} is damaged or incomplete and is passed over", folder);
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return root.toString();
    }

    /// All checkpoints, the newest first.
    private List<Path> folders() {
        return files(PREFIX + "[0-9]{1,9}").stream()
                .sorted(Comparator.comparingInt(Checkpoints::step).reversed())
                .toList();
    }

    private List<Path> files(String pattern) {
        if (!Files.isDirectory(root)) return List.of();
        try (Stream<Path> paths = Files.list(root)) {
            return paths.filter(path -> path.getFileName().toString().matches(pattern))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int step(Path folder) {
        return Integer.parseInt(folder.getFileName().toString().substring(PREFIX.length()));
    }

    private static boolean isWhole(Path folder) {
        try {
            Json.Obj manifest = Json.read(folder.resolve(MANIFEST));
            for (String name : List.of(WEIGHTS, STATE))
                if (!manifest.string(name).equals(sha256(folder.resolve(name)))) return false;
            return true;
        } catch (UncheckedIOException | PretrainedException e) {
            return false;
        }
    }

    private static Map<String, Floats> values(Path file) {
        Map<String, Floats> values = new LinkedHashMap<>();
        try (Safetensors weights = Safetensors.open(file)) {
            for (String name : weights.names()) {
                Floats array =
                        Floats.allocate(Math.toIntExact(weights.info(name).count()));
                weights.read(name, array);
                values.put(name, array);
            }
        }
        return values;
    }

    private static String sha256(Path file) {
        try (InputStream in = Files.newInputStream(file);
                DigestInputStream digest = new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
            digest.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(digest.getMessageDigest().digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /// What cannot be deleted is no reason to stop training.
    private static void delete(Path folder) {
        if (!Files.exists(folder)) return;
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, folder + " could not be deleted: " + e);
        }
    }

    /// @param folder that the state was saved in
    /// @throws SettingsException if a state was saved with other settings, naming the first that differs
    public static void requireSame(Json.Obj saved, Json.Obj now, Path folder) {
        List<String> old = saved.pretty().lines().toList();
        List<String> fresh = now.pretty().lines().toList();
        if (old.equals(fresh)) return;
        int i = 0;
        while (i < old.size() - 1 && i < fresh.size() - 1 && old.get(i).equals(fresh.get(i))) i++;
        throw new SettingsException("resume-from-checkpoint: " + folder + " was saved with "
                + old.get(i).strip() + " but this run has " + fresh.get(i).strip()
                + "; resume with the same settings and data, or start anew");
    }
}
