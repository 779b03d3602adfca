package dev.merapi.nn.pretrained;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Files that are there completely or not at all, also after a crash: written beside their place, forced to the
/// disk, then renamed.
final class AtomicFiles {
    private AtomicFiles() {}

    interface Body {
        void write(FileChannel out) throws IOException;
    }

    /// A name beside `path` that nothing else uses and that listings hide.
    static Path beside(Path path, String ending) {
        return path.resolveSibling("." + path.getFileName() + "." + Long.toHexString(System.nanoTime()) + ending);
    }

    /// Writes `file`, replacing what was there only when all is written.
    static void write(Path file, Body body) {
        Path target = file.toAbsolutePath();
        Path temporary = beside(target, ".tmp");
        try {
            try (FileChannel out =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                body.write(out);
                out.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            forceFolder(target.getParent());
        } catch (IOException e) {
            throw new PretrainedException(
                    file + ": cannot be written (" + reason(e) + "); what was there is untouched", e);
        } finally {
            deleteQuietly(temporary);
        }
    }

    /// Makes renames in a folder durable, where the system has that notion.
    static void forceFolder(Path folder) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(folder, StandardOpenOption.READ);
        } catch (IOException e) {
            return; // Windows opens no folders, and needs none to be forced
        }
        try (channel) {
            channel.force(true);
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            System.getLogger(AtomicFiles.class.getName())
                    .log(System.Logger.Level.WARNING, file + " could not be deleted: " + e);
        }
    }

    /// What went wrong in words: Java's file exceptions say only the path.
    static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such folder";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "a file of that name is in the way";
            case FileSystemException f when f.getReason() != null -> f.getReason();
            default -> e.getMessage();
        };
    }
}
