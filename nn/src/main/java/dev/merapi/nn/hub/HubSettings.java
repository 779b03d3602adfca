package dev.merapi.nn.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How the hub is reached and where its files are kept: the variables of huggingface_hub, under their names.
///
/// @param endpoint `HF_ENDPOINT`, `https://huggingface.co`, without a slash at its end
/// @param cache    `HF_HUB_CACHE`, else `$HF_HOME/hub`, else `~/.cache/huggingface/hub`
/// @param token    `HF_TOKEN`, else the file `HF_TOKEN_PATH`, else `$HF_HOME/token`; null for none, and with
///     `HF_HUB_DISABLE_IMPLICIT_TOKEN`
/// @param offline  `HF_HUB_OFFLINE`, else `TRANSFORMERS_OFFLINE`: no connection is opened
/// @param links    whether snapshots are symbolic links to blobs, where the system has them; not with
///     `HF_HUB_DISABLE_SYMLINKS`
/// @param timeout  `HF_HUB_DOWNLOAD_TIMEOUT`: how long a server may be silent
public record HubSettings(URI endpoint, Path cache, String token, boolean offline, boolean links, Duration timeout) {
    private static final Set<String> YES = Set.of("1", "ON", "YES", "TRUE");
    private static final String TOKEN_FORM = "[\\x21-\\x7e]+";
    private static final Pattern VARIABLE = Pattern.compile("\\$(\\w+|\\{\\w+\\})");

    public HubSettings {
        boolean http = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
        if (!http || endpoint.getHost() == null)
            throw new HubException("HF_ENDPOINT: expected an address such as https://huggingface.co, got " + endpoint);
        if (token != null && !token.matches(TOKEN_FORM)) // whoever would name it in an error must not see it
        throw new HubException("HF_TOKEN: expected one word in ASCII, got something else; copy the token again");
    }

    /// @param environment of the process: `System.getenv()`
    public static HubSettings of(Map<String, String> environment) {
        Map<String, String> env = environment;
        String caches = first(env.get("XDG_CACHE_HOME"), "~/.cache");
        Path home = path(first(env.get("HF_HOME"), caches + "/huggingface"), env);
        Path cache = path(first(env.get("HF_HUB_CACHE"), env.get("HUGGINGFACE_HUB_CACHE"), home + "/hub"), env);
        String endpoint =
                first(env.get("HF_ENDPOINT"), "https://huggingface.co").replaceAll("/+$", "");
        boolean offline = yes(first(env.get("HF_HUB_OFFLINE"), env.get("TRANSFORMERS_OFFLINE")));
        Duration timeout = Duration.ofSeconds(seconds(env.get("HF_HUB_DOWNLOAD_TIMEOUT"), 10));
        return new HubSettings(
                uri(endpoint), cache, token(env, home), offline, !yes(env.get("HF_HUB_DISABLE_SYMLINKS")), timeout);
    }

    private static String token(Map<String, String> env, Path home) {
        if (yes(env.get("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return null;
        String given =
                first(env.get("HF_TOKEN"), env.get("HUGGING_FACE_HUB_TOKEN")).strip();
        if (!given.isEmpty()) return given;
        Path file = path(first(env.get("HF_TOKEN_PATH"), home + "/token"), env);
        if (!Files.isReadable(file) || Files.isDirectory(file)) return null;
        try {
            String saved = Files.readString(file).strip();
            return saved.isEmpty() ? null : saved;
        } catch (IOException e) {
            throw new HubException(file + ": the token cannot be read (" + e.getMessage() + "); log in again", e);
        }
    }

    private static URI uri(String text) {
        try {
            return URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new HubException("HF_ENDPOINT: expected an address such as https://huggingface.co, got " + text, e);
        }
    }

    /// With `~` at the start, `$NAME` and `${NAME}` replaced; a variable that is not set stays as it is.
    private static Path path(String text, Map<String, String> env) {
        boolean own = text.equals("~") || text.startsWith("~/");
        String full = own ? System.getProperty("user.home") + text.substring(1) : text;
        return Path.of(VARIABLE.matcher(full)
                .replaceAll(variable -> Matcher.quoteReplacement(
                        env.getOrDefault(variable.group(1).replaceAll("[{}]", ""), variable.group()))));
    }

    private static String first(String... values) {
        for (String value : values) if (value != null && !value.isEmpty()) return value;
        return "";
    }

    private static boolean yes(String value) {
        return value != null && YES.contains(value.toUpperCase(Locale.ROOT));
    }

    private static int seconds(String value, int otherwise) {
        return value != null && value.matches("[1-9][0-9]{0,5}") ? Integer.parseInt(value) : otherwise;
    }

    /// Without the token.
    @Override
    public String toString() {
        return "HubSettings[endpoint=" + endpoint + ", cache=" + cache + ", token=" + (token == null ? "none" : "***")
                + ", offline=" + offline + "]";
    }
}
