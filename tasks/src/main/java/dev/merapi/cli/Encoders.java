package dev.merapi.cli;

import dev.merapi.tasks.Pretrained;
import java.util.HashMap;
import java.util.Map;

/// The pretrained encoders of many runs in this process: each is read once, and every run starts from a copy of
/// its weights in memory.
final class Encoders {
    private final Map<String, Pretrained> read = new HashMap<>();

    Pretrained of(ModelOption model) {
        Pretrained known = read.get(model.toString());
        if (known == null)
            read.put(model.toString(), known = model.pretrained(false).inMemory());
        return known;
    }
}
