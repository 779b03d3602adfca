package dev.merapi.nn.model;

/// What a classification head's outputs mean: `problem_type` in `config.json`.
public enum ProblemType {
    /// One of K labels: softmax.
    SINGLE_LABEL_CLASSIFICATION("single_label_classification"),
    /// Any number of K labels: a sigmoid each.
    MULTI_LABEL_CLASSIFICATION("multi_label_classification"),
    /// Numbers.
    REGRESSION("regression");

    private final String configName;

    ProblemType(String configName) {
        this.configName = configName;
    }

    /// The name in `config.json`.
    public String configName() {
        return configName;
    }
}
