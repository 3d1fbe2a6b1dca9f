package io.blobstore.cli;

/** Configures logging: off by default, so that a failure is one line. */
final class Logging {
    private Logging() {}

    /** Configures logging. Must be called before the first logger is created: slf4j-simple reads its settings once. */
    static void configure(boolean verbose) {
        set("defaultLogLevel", verbose ? "debug" : "off");
        set("showThreadName", "true");
        set("showShortLogName", "true");
    }

    private static void set(String name, String value) {
        String property = "org.slf4j.simpleLogger." + name;
        if (System.getProperty(property) == null) { // the user's setting takes precedence
            System.setProperty(property, value);
        }
    }
}
