package dev.merapi.nn.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubSettingsTest {
    private static final Path USER = Path.of(System.getProperty("user.home"));

    private static HubSettings of(String... pairs) {
        Map<String, String> environment = new java.util.HashMap<>();
        environment.put("HF_TOKEN_PATH", "/none");
        for (int i = 0; i < pairs.length; i += 2) environment.put(pairs[i], pairs[i + 1]);
        return HubSettings.of(environment);
    }

    @Test
    void theCacheLiesWhereThePythonLibraryHasIt() {
        assertEquals(USER.resolve(".cache/huggingface/hub"), of().cache());
        assertEquals(Path.of("/x/huggingface/hub"), of("XDG_CACHE_HOME", "/x").cache());
        assertEquals(
                Path.of("/h/hub"), of("HF_HOME", "/h", "XDG_CACHE_HOME", "/x").cache());
        assertEquals(Path.of("/c"), of("HF_HUB_CACHE", "/c", "HF_HOME", "/h").cache());
        assertEquals(USER.resolve("models"), of("HF_HUB_CACHE", "~/models").cache());
        assertEquals(
                Path.of("/data/x/b/$C/hub"),
                of("HF_HOME", "$A/${B}/$C", "A", "/data/x", "B", "b").cache());
    }

    @Test
    void wordsForYesAreThoseOfThePythonLibrary() {
        assertFalse(of().offline());
        for (String yes : List.of("1", "on", "Yes", "TRUE"))
            assertTrue(of("HF_HUB_OFFLINE", yes).offline());
        for (String no : List.of("0", "", "off", "2"))
            assertFalse(of("HF_HUB_OFFLINE", no).offline());
        assertTrue(of("TRANSFORMERS_OFFLINE", "1").offline());
        assertTrue(of("TRANSFORMERS_OFFLINE", "1", "HF_HUB_OFFLINE", "").offline());
        assertFalse(of("TRANSFORMERS_OFFLINE", "1", "HF_HUB_OFFLINE", "0").offline());
        assertFalse(of("HF_HUB_DISABLE_SYMLINKS", "1").links());
    }

    @Test
    void theTokenIsAVariableOrAFile(@TempDir Path home) throws IOException {
        assertNull(of().token());
        assertEquals("abc", of("HF_TOKEN", " abc\n").token());
        Files.writeString(home.resolve("token"), "saved\n");
        assertEquals(
                "saved", of("HF_HOME", home.toString(), "HF_TOKEN_PATH", "").token());
        assertEquals(
                "saved", of("HF_TOKEN_PATH", "$D/token", "D", home.toString()).token());
        assertEquals(
                "abc", of("HF_TOKEN_PATH", home + "/token", "HF_TOKEN", "abc").token());
        for (String name : List.of("HF_TOKEN", "HF_TOKEN_PATH"))
            assertNull(of(name, home + "/token", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
                    .token());
    }

    @Test
    void whatCannotBeIsRefusedWithoutShowingTheToken() {
        assertEquals(
                "HF_TOKEN: expected one word in ASCII, got something else; copy the token again",
                assertThrows(HubException.class, () -> of("HF_TOKEN", "a\nb: secret"))
                        .getMessage());
        for (String endpoint : List.of("ftp://x", "huggingface.co", "http://a b"))
            assertEquals(
                    "HF_ENDPOINT: expected an address such as https://huggingface.co, got " + endpoint,
                    assertThrows(HubException.class, () -> of("HF_ENDPOINT", endpoint))
                            .getMessage());
        assertEquals(
                "https://mirror/x",
                of("HF_ENDPOINT", "https://mirror/x/").endpoint().toString());
    }
}
