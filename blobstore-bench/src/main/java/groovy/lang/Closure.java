package groovy.lang;

/**
 * Stands for Groovy's class, which picocli looks for when it starts. As Groovy is not on the command's class path, the
 * JVM would open each of its jars to find out, which takes as long as the rest of a short command. Picocli finds that
 * no command is a closure either way.
 */
public final class Closure {
    private Closure() {}
}
