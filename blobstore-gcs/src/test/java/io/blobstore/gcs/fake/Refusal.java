package io.blobstore.gcs.fake;

import java.util.List;

/** Why a request is refused, in the words of both APIs. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final String reason;
    private final String xmlMessage;
    private final transient List<String> fields;

    /**
     * @param code what the XML API calls it
     * @param reason what the JSON API calls it
     * @param fields of the answer, as in {@code "Name: value"}
     */
    Refusal(int status, String code, String reason, String message, String xmlMessage, String... fields) {
        super(message);
        this.status = status;
        this.code = code;
        this.reason = reason;
        this.xmlMessage = xmlMessage;
        this.fields = List.of(fields);
    }

    private Refusal(int status, String code, String reason, String message) {
        this(status, code, reason, message, message);
    }

    static Refusal noSuchBucket() {
        return new Refusal(404, "NoSuchBucket", "notFound", "The specified bucket does not exist.");
    }

    static Refusal noSuchObject(String bucket, String name) {
        return new Refusal(
                404,
                "NoSuchKey",
                "notFound",
                "No such object: " + bucket + "/" + name,
                "The specified key does not exist.");
    }

    static Refusal noSuchUpload() {
        return new Refusal(404, "NoSuchUpload", "notFound", "The requested upload was not found.");
    }

    static Refusal noSuchPath(String path) {
        return new Refusal(404, "NotFound", "notFound", "Not Found: this fake knows no " + path);
    }

    static Refusal conditionNotMet() {
        return new Refusal(
                412,
                "PreconditionFailed",
                "conditionNotMet",
                "At least one of the pre-conditions you specified did not hold.");
    }

    static Refusal invalid(String message) {
        return new Refusal(400, "InvalidArgument", "invalid", message);
    }

    static Refusal required(String message) {
        return new Refusal(400, "InvalidArgument", "required", message);
    }

    /** Another error of the XML API whose status is 400. */
    static Refusal badRequest(String code, String message) {
        return new Refusal(400, code, Character.toLowerCase(code.charAt(0)) + code.substring(1), message);
    }

    static Refusal forbidden(String code, String message) {
        return new Refusal(403, code, "forbidden", message);
    }

    static Refusal methodNotAllowed(String method) {
        return new Refusal(
                405,
                "MethodNotAllowed",
                "methodNotAllowed",
                "The method " + method + " is not allowed for this resource.");
    }

    static Refusal lengthRequired() {
        return new Refusal(411, "MissingContentLength", "required", "You must provide the Content-Length HTTP header.");
    }

    static Refusal invalidRange(long size) {
        return new Refusal(
                416,
                "InvalidRange",
                "requestedRangeNotSatisfiable",
                "Request range not satisfiable",
                "The requested range cannot be satisfied.",
                "Content-Range: bytes */" + size);
    }

    /** Only what is said of a token that was sent makes Google's library renew it. */
    static Refusal unauthorized(boolean tokenSent) {
        return new Refusal(
                401,
                "AuthenticationRequired",
                tokenSent ? "authError" : "required",
                tokenSent ? "Invalid Credentials" : "Anonymous caller does not have access to the resource.",
                "Authentication required.",
                "WWW-Authenticate: Bearer realm=\"https://accounts.google.com/\""
                        + (tokenSent ? ", error=\"invalid_token\"" : ""));
    }

    int status() {
        return status;
    }

    /** As the JSON API says it. */
    Answer json() {
        return Answer.jsonError(status, reason, message()).with(fields);
    }

    /** As the JSON API says it when content was asked for. */
    Answer text() {
        return Answer.of(status, "text/html; charset=UTF-8", message()).with(fields);
    }

    /** As the XML API says it. */
    Answer xml() {
        return Answer.xmlError(status, code, xmlMessage).with(fields);
    }

    private String message() {
        return String.valueOf(getMessage());
    }
}
