package io.blobstore.gcs.fake;

import java.util.List;
import java.util.function.UnaryOperator;

/** What happens to a request in place of what is right. */
public final class Fault {
    /** Where it goes wrong. */
    enum Kind {
        /** Another answer, and nothing is carried out. */
        INSTEAD,
        /** The connection ends in the middle of the request's body. */
        BREAK,
        /** No answer, and nothing is carried out. */
        DISCONNECT,
        /** It is carried out, and the answer is lost. */
        LOSE,
        /** It is carried out, and the answer ends in the middle of its body. */
        CUT,
        /** It is carried out, and the answer is changed. */
        CHANGE
    }

    private final Kind kind;
    private final UnaryOperator<Answer> change;

    private Fault(Kind kind, UnaryOperator<Answer> change) {
        this.kind = kind;
        this.change = change;
    }

    /**
     * An error of the JSON API; the request is not carried out.
     *
     * @param reason such as {@code backendError}
     * @param fields of the answer, as in {@code "Retry-After: 1"}
     */
    public static Fault json(int status, String reason, String message, String... fields) {
        return instead(Answer.jsonError(status, reason, message), fields);
    }

    /**
     * An error of the XML API; the request is not carried out.
     *
     * @param code such as {@code SlowDown}
     * @param fields of the answer, as in {@code "Retry-After: 1"}
     */
    public static Fault xml(int status, String code, String message, String... fields) {
        return instead(Answer.xmlError(status, code, message), fields);
    }

    /**
     * Any answer; the request is not carried out.
     *
     * @param fields of the answer, as in {@code "Content-Type: text/html"}
     */
    public static Fault answer(int status, String body, String... fields) {
        return instead(Answer.of(status, "text/plain", body), fields);
    }

    /** Status 200, and an error of the XML API in the body; the request is not carried out. */
    public static Fault errorInSuccess(String code, String message) {
        return xml(200, code, message);
    }

    /** The connection is closed when half of the request's body has arrived. */
    public static Fault breakOff() {
        return new Fault(Kind.BREAK, UnaryOperator.identity());
    }

    /** The connection is closed when the request has arrived; it is not carried out. */
    public static Fault disconnect() {
        return new Fault(Kind.DISCONNECT, UnaryOperator.identity());
    }

    /** The request is carried out, and then the connection is closed. */
    public static Fault loseAnswer() {
        return new Fault(Kind.LOSE, UnaryOperator.identity());
    }

    /**
     * The request is carried out, the answer's length is right, and half of its body is sent before the connection is
     * closed. An answer without a body is lost as a whole.
     */
    public static Fault cutAnswer() {
        return new Fault(Kind.CUT, UnaryOperator.identity());
    }

    /** The request is carried out, and the answer says another CRC32C, in {@code x-goog-hash} and in JSON. */
    public static Fault wrongHash() {
        return new Fault(Kind.CHANGE, Answer::withWrongHash);
    }

    /** The request is carried out, and answered as if it had not been. */
    public static Fault carryingOut(Fault answer) {
        if (answer.kind != Kind.INSTEAD) {
            throw new IllegalArgumentException(answer + " answers nothing");
        }
        return new Fault(Kind.CHANGE, answer.change);
    }

    /** The request is carried out, and one bit of the answer's body is flipped. */
    public static Fault flippedAnswer() {
        return new Fault(Kind.CHANGE, Answer::withFlippedBit);
    }

    /** The request is carried out, and the answer lacks header fields. */
    public static Fault without(String... names) {
        return new Fault(Kind.CHANGE, answer -> answer.without(names));
    }

    /** No fault: for requests that go well before one that does not. */
    public static Fault none() {
        return new Fault(Kind.CHANGE, UnaryOperator.identity());
    }

    private static Fault instead(Answer answer, String... fields) {
        Answer whole = answer.with(List.of(fields));
        return new Fault(Kind.INSTEAD, ignored -> whole);
    }

    Kind kind() {
        return kind;
    }

    Answer change(Answer answer) {
        return change.apply(answer);
    }

    @Override
    public String toString() {
        return "Fault[" + kind + "]";
    }
}
