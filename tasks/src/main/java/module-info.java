/// Training tasks over Merapi's models and tokenizers, and the `merapi` command.
module dev.merapi.tasks {
    requires transitive dev.merapi.nn;
    requires transitive dev.merapi.tokenizer;
    requires com.fasterxml.jackson.core;
    requires de.siegmar.fastcsv;
    requires dev.hardwood.core;
    requires info.picocli;
    requires me.tongfei.progressbar;
    requires jdk.jfr; // dev.hardwood.core's, which as an automatic module names none
    requires jdk.management;

    exports dev.merapi.data;
    exports dev.merapi.metrics;
    exports dev.merapi.tasks;
    exports dev.merapi.train;

    // picocli sets the annotated fields of the verbs.
    opens dev.merapi.cli to
            info.picocli;
}
