package dev.merapi.cli;

import java.util.EnumSet;
import java.util.Set;

/// What a model is trained to do.
enum Task {
    PAIR_CLASSIFICATION,
    MULTILABEL,
    SPAN_EXTRACTION,
    ORDINAL;

    private static final Set<Task> READY = EnumSet.of(PAIR_CLASSIFICATION, MULTILABEL);

    /// @throws UsageException if this version cannot do it
    void require() {
        if (!READY.contains(this))
            throw new UsageException(
                    "task " + this + " is not in this version; expected pair-classification or multilabel");
    }

    @Override
    public String toString() {
        return Kebab.name(this);
    }
}
