package dev.merapi.cli;

import dev.merapi.nn.hub.Hub;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// The folder that a model's name on the command line means: a folder as it stands, or else a model of the
/// Hugging Face hub, out of the local cache where it is complete there, or downloaded.
final class ModelFolder {
    private ModelFolder() {}

    /// @param argument that names the model, for messages
    static Path of(Console console, String argument, String name) {
        if (isFolder(argument, name)) return Path.of(name);
        Hub hub = Hub.of(console.environment());
        if (!Hub.isName(name)
                || hub.settings().offline() && hub.cached(name, "main").isEmpty())
            throw new UsageException(argument + ": there is no folder " + name + ", and no such name in the hub cache "
                    + hub.settings().cache() + "; check the path");
        try (DownloadBar bar = new DownloadBar(console)) {
            return hub.model(name, bar);
        }
    }

    private static boolean isFolder(String argument, String name) {
        try {
            Path folder = Path.of(name);
            if (Files.exists(folder) && !Files.isDirectory(folder))
                throw new UsageException(argument + ": expected a model folder with config.json, got the file " + name
                        + "; name its folder");
            return Files.isDirectory(folder);
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
