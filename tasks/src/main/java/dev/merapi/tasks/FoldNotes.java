package dev.merapi.tasks;

import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.Checkpoints;
import dev.merapi.train.SettingsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// `folds.json`: with what the models of folds are trained, and which of them are. A run that goes on trusts it
/// alone: a folder `fold-3` may be that of an older run.
///
/// @param folder of all folds; null for a trial, of which nothing is written
/// @param settings of all of them
/// @param begun the fold that was begun last; -1 for none
/// @param done folds whose models are trained
record FoldNotes(Path folder, Json.Obj settings, int begun, List<Integer> done) {
    private static final String NAME = "folds.json";

    /// @param resume whether to go on with what is noted
    /// @throws SettingsException if there is nothing to go on with, or it was made with other settings
    static FoldNotes open(Path folder, Json.Obj settings, boolean resume) {
        Path file = folder.resolve(NAME);
        if (!resume) refuseForeign(folder);
        if (!resume) return new FoldNotes(folder, settings, -1, List.of()).write();
        if (!Files.isRegularFile(file))
            throw new SettingsException("resume-from-checkpoint: expected " + file
                    + " of an earlier run, found none; leave the option out to start anew");
        Json.Obj saved = Json.read(file);
        Checkpoints.requireSame(saved.object("settings"), settings, file);
        List<Integer> done = new ArrayList<>();
        for (Json fold : saved.array("done")) done.add((int) ((Json.Num) fold).asLong());
        return new FoldNotes(folder, settings, saved.integer("begun"), done);
    }

    /// Results replace files of the same names, which must be an earlier run's.
    private static void refuseForeign(Path folder) {
        if (!Files.exists(folder) || Files.isRegularFile(folder.resolve(NAME))) return;
        if (!Files.isDirectory(folder))
            throw new SettingsException("output-dir: expected a folder, got the file " + folder + "; name another one");
        try (Stream<Path> entries = Files.list(folder)) {
            entries.findFirst().ifPresent(entry -> {
                throw new SettingsException("output-dir: expected an empty folder or that of an earlier run of folds,"
                        + " found " + entry + "; name another folder");
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    FoldNotes begin(int fold) {
        return new FoldNotes(folder, settings, fold, done).write();
    }

    FoldNotes finish(int fold) {
        List<Integer> more = new ArrayList<>(done);
        more.add(fold);
        return new FoldNotes(folder, settings, fold, more).write();
    }

    private FoldNotes write() {
        if (folder == null) return this;
        List<Json> numbers =
                done.stream().<Json>map(fold -> Json.Num.of((long) fold)).toList();
        Json.Obj notes = Json.Obj.empty(NAME)
                .with("settings", settings)
                .with("begun", begun)
                .with("done", new Json.Arr(numbers));
        new ResultFiles(folder).text(NAME, notes.pretty() + "\n");
        return this;
    }
}
