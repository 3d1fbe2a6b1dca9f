package io.blobstore.split.internal.tar;

/** Signals a field that is wrong; the splitter adds where. */
final class TarFieldException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String problem;

    TarFieldException(String problem) {
        super(problem);
        this.problem = problem;
    }

    /** Returns the message, which there always is. */
    String problem() {
        return problem;
    }
}
