package dev.merapi.nn.pretrained;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Saves a model folder so that there is the old folder or the complete new one: files are written into a
/// hidden folder beside it, forced to the disk, and renamed into place by [#commit]. Closed without a commit,
/// it leaves nothing.
///
///     try (var out = FolderWriter.open(folder)) {
///         out.json("config.json", config);
///         out.weights("model.safetensors", weights);
///         Files.copy(vocabulary, out.file("vocab.txt"));
///         out.commit();
///     }
///
/// An existing folder is replaced with all that it holds, and so it must be empty or a model folder: one with a
/// `config.json`, and inside no folders but those of sentence-transformers' modules, such as `1_Pooling`.
public final class FolderWriter implements AutoCloseable {
    private final Path folder;
    private final Path temporary;
    private boolean committed;

    private FolderWriter(Path folder, Path temporary) {
        this.folder = folder;
        this.temporary = temporary;
    }

    /// Begins to save `folder`, whose parents are made where they are missing.
    public static FolderWriter open(Path folder) {
        try {
            Path target = Files.exists(folder)
                    ? folder.toRealPath()
                    : folder.toAbsolutePath().normalize();
            if (target.getFileName() == null)
                throw new PretrainedException(
                        folder + ": a model cannot be saved as the root folder; name a folder in it");
            refuseForeign(target);
            Files.createDirectories(target.getParent());
            return new FolderWriter(target, Files.createDirectory(AtomicFiles.beside(target, ".tmp")));
        } catch (NotDirectoryException e) {
            throw new PretrainedException(
                    folder + ": a model is saved as a folder, got a file; name another folder", e);
        } catch (IOException | UncheckedIOException e) {
            throw unwritable(folder, e);
        }
    }

    /// Tidies up beside `folder` after a process that was killed while it saved: what was not finished is
    /// deleted, and an old folder that had made room for a new one which did not come is put back. Nobody else
    /// may be saving the folder meanwhile.
    public static void recover(Path folder) {
        Path target = folder.toAbsolutePath().normalize();
        if (target.getFileName() == null || !Files.isDirectory(target.getParent())) return;
        Pattern left =
                Pattern.compile("\\." + Pattern.quote(target.getFileName().toString()) + "\\.[0-9a-f]+\\.(old|tmp)");
        try (Stream<Path> beside = Files.list(target.getParent())) {
            for (Path path : beside.sorted().toList()) {
                Matcher name = left.matcher(path.getFileName().toString());
                if (!name.matches() || !Files.isDirectory(path)) continue;
                if (name.group(1).equals("old") && !Files.exists(target))
                    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
                else delete(path);
            }
        } catch (IOException | UncheckedIOException e) {
            throw unwritable(folder, e);
        }
    }

    private static void refuseForeign(Path target) throws IOException {
        if (!Files.exists(target)) return;
        List<Path> entries;
        try (Stream<Path> list = Files.list(target)) {
            entries = list.toList();
        }
        boolean model = Files.exists(target.resolve("config.json"));
        for (Path entry : entries)
            if (!model || Files.isDirectory(entry) && !isModule(entry))
                throw new PretrainedException(target
                        + ": saving replaces a folder, which must be empty or hold a model (a"
                        + " config.json and no folders), got " + entry.getFileName() + " in it; name another folder");
    }

    /// Whether a folder is one of sentence-transformers' modules: `2_Dense` with files alone.
    static boolean isModule(Path folder) throws IOException {
        if (!isModuleName(folder.getFileName().toString()) || !Files.isDirectory(folder)) return false;
        try (Stream<Path> list = Files.list(folder)) {
            return list.noneMatch(Files::isDirectory);
        }
    }

    private static boolean isModuleName(String name) {
        return name.matches("[0-9]{1,3}_\\w{1,60}");
    }

    /// Where to write the file `name` of the folder, by any means. For `1_Pooling/config.json` the inner folder
    /// is made.
    public Path file(String name) {
        Path file = temporary.resolve(name);
        try {
            if (isModuleName(file.getParent().getFileName().toString())) Files.createDirectories(file.getParent());
        } catch (IOException e) {
            throw unwritable(folder.resolve(name), e);
        }
        return file;
    }

    /// A text file in UTF-8.
    public void text(String name, String content) {
        try {
            Files.writeString(file(name), content, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw unwritable(folder.resolve(name), e);
        }
    }

    /// A JSON file, as transformers writes it.
    public void json(String name, Json content) {
        text(name, content.pretty() + "\n");
    }

    /// A safetensors file.
    public void weights(String name, List<SafetensorsWriter.Weight> weights) {
        SafetensorsWriter.write(file(name), weights);
    }

    /// Puts the new folder into the place of the old one. Between two renames there is a moment without a
    /// folder; a crash in it leaves both beside their place, complete; [#recover] puts the old one back.
    public void commit() {
        try {
            force();
            refuseForeign(folder); // again: something may have been put there meanwhile
            Path old = null;
            if (Files.exists(folder)) {
                old = Files.move(folder, AtomicFiles.beside(folder, ".old"), StandardCopyOption.ATOMIC_MOVE);
            }
            try {
                Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                if (old != null) Files.move(old, folder, StandardCopyOption.ATOMIC_MOVE);
                throw e;
            }
            committed = true;
            AtomicFiles.forceFolder(folder.getParent());
            if (old != null) deleteOld(old);
        } catch (IOException | UncheckedIOException e) {
            throw unwritable(folder, e);
        }
    }

    private void force() throws IOException {
        List<Path> paths;
        try (Stream<Path> tree = Files.walk(temporary)) {
            paths = tree.toList();
        }
        for (Path path : paths) {
            if (Files.isDirectory(path)) {
                AtomicFiles.forceFolder(path);
            } else {
                try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    file.force(true);
                }
            }
        }
    }

    /// The new model is in its place: what cannot be deleted is no reason to fail.
    private static void deleteOld(Path old) {
        try {
            delete(old);
        } catch (IOException | UncheckedIOException e) {
            System.getLogger(FolderWriter.class.getName())
                    .log(System.Logger.Level.WARNING, old + " (the replaced model) could not be deleted: " + e);
        }
    }

    private static void delete(Path tree) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(tree)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) Files.delete(path);
    }

    /// Deletes what was not committed.
    @Override
    public void close() {
        try {
            if (!committed) delete(temporary);
        } catch (IOException | UncheckedIOException e) {
            throw unwritable(folder, e);
        }
    }

    private static PretrainedException unwritable(Path path, Exception e) {
        IOException cause = e instanceof UncheckedIOException u ? u.getCause() : (IOException) e;
        return new PretrainedException(
                path + ": cannot be written (" + AtomicFiles.reason(cause) + "); name a folder where you may write",
                cause);
    }
}
