package io.blobstore.cli;

/** What the library logs: nothing, so that a failure is one line, unless asked for. */
final class Logging {
    private Logging() {}

    /** To be called before the first class with a logger is touched: slf4j-simple reads its settings once. */
    static void configure(boolean verbose) {
        set("defaultLogLevel", verbose ? "debug" : "off");
        set("showThreadName", "true");
        set("showShortLogName", "true");
    }

    private static void set(String name, String value) {
        String property = "org.slf4j.simpleLogger." + name;
        if (System.getProperty(property) == null) { // the user's own setting wins
            System.setProperty(property, value);
        }
    }
}
