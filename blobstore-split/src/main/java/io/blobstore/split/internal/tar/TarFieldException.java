package io.blobstore.split.internal.tar;

/** Signals a field that is wrong; the splitter adds where. */
final class TarFieldException extends Exception {
    private static final long serialVersionUID = 1L;

    TarFieldException(String problem) {
        super(problem);
    }
}
