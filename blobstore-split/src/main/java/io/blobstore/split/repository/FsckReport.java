package io.blobstore.split.repository;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The result of a check of a repository.
 *
 * @param objects the number of objects
 * @param bytes their bytes
 * @param streams the number of streams with a name
 * @param refs the number of refs
 * @param images the number of links to images
 * @param problems what is damaged or missing, in no particular order
 * @param healed the paths of the objects that were replaced; they are no problems any more
 * @param foreign the paths of what is among the objects, but is none; no damage
 */
public record FsckReport(
        long objects,
        long bytes,
        long streams,
        long refs,
        long images,
        List<Problem> problems,
        List<String> healed,
        List<String> foreign) {
    /** A kind of problem. */
    public enum Kind {
        /** The content of an object is not what its id says. */
        DAMAGED_OBJECT,
        /** An object that something refers to is missing. */
        MISSING_OBJECT,
        /** A stream cannot be merged, or merges to another size than it says. */
        DAMAGED_STREAM,
        /** A name is no link, or leads nowhere. */
        DAMAGED_LINK
    }

    /**
     * A problem.
     *
     * @param kind its kind
     * @param path the path of what has the problem, below the root of the repository
     * @param message a description
     */
    public record Problem(Kind kind, String path, String message) {}

    /** Returns whether there is no problem. */
    public boolean isClean() {
        return problems.isEmpty();
    }

    /** Returns the report as a JSON object. */
    public String toJson() {
        return new JsonText()
                .add("clean", isClean())
                .add("objects", objects)
                .add("bytes", bytes)
                .add("streams", streams)
                .add("refs", refs)
                .add("images", images)
                .raw(
                        "problems",
                        problems.stream()
                                .map(problem -> new JsonText()
                                        .add("kind", problem.kind().name())
                                        .add("path", problem.path())
                                        .add("message", problem.message())
                                        .end())
                                .collect(Collectors.joining(",", "[", "]")))
                .add("healed", healed)
                .add("foreign", foreign)
                .end();
    }
}
