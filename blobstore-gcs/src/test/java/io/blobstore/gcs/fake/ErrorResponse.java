package io.blobstore.gcs.fake;

import io.blobstore.http.ScriptedResponse;
import java.util.List;

/** A failure of a request, to be sent as either API describes it. */
final class ErrorResponse extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final String reason;
    private final String jsonMessage;
    private final transient List<String> fields;

    private ErrorResponse(int status, String code, String reason, String message) {
        this(status, code, reason, message, message);
    }

    /**
     * Creates a failure.
     *
     * @param code in the XML API
     * @param reason in the JSON API
     * @param fields of the response, as whole lines
     */
    private ErrorResponse(
            int status, String code, String reason, String message, String jsonMessage, String... fields) {
        super(message);
        this.status = status;
        this.code = code;
        this.reason = reason;
        this.jsonMessage = jsonMessage;
        this.fields = List.of(fields);
    }

    static ErrorResponse noSuchBucket() {
        return new ErrorResponse(404, "NoSuchBucket", "notFound", "The specified bucket does not exist.");
    }

    static ErrorResponse noSuchObject(String bucket, String name) {
        String message = "No such object: " + bucket + "/" + name;
        return new ErrorResponse(404, "NoSuchKey", "notFound", "The specified key does not exist.", message);
    }

    static ErrorResponse noSuchUpload() {
        return new ErrorResponse(404, "NoSuchUpload", "notFound", "The requested upload was not found.");
    }

    static ErrorResponse noSuchPath(String path) {
        return new ErrorResponse(404, "NotFound", "notFound", "Not Found: this fake does not know " + path);
    }

    static ErrorResponse conditionNotMet() {
        String message = "At least one of the pre-conditions you specified did not hold.";
        return new ErrorResponse(412, "PreconditionFailed", "conditionNotMet", message);
    }

    static ErrorResponse invalid(String message) {
        return new ErrorResponse(400, "InvalidArgument", "invalid", message);
    }

    static ErrorResponse required(String parameter) {
        return new ErrorResponse(400, "InvalidArgument", "required", "Required parameter: " + parameter);
    }

    /** Creates another failure whose status is 400. */
    static ErrorResponse badRequest(String code, String message) {
        return new ErrorResponse(400, code, Character.toLowerCase(code.charAt(0)) + code.substring(1), message);
    }

    static ErrorResponse forbidden(String code, String message) {
        return new ErrorResponse(403, code, "forbidden", message);
    }

    static ErrorResponse methodNotAllowed(String method) {
        String message = "The method " + method + " is not allowed for this resource.";
        return new ErrorResponse(405, "MethodNotAllowed", "methodNotAllowed", message);
    }

    static ErrorResponse lengthRequired() {
        String message = "You must provide the Content-Length HTTP header.";
        return new ErrorResponse(411, "MissingContentLength", "required", message);
    }

    static ErrorResponse invalidRange(long size) {
        String message = "Request range not satisfiable";
        String range = "Content-Range: bytes */" + size;
        return new ErrorResponse(416, "InvalidRange", "requestedRangeNotSatisfiable", message, message, range);
    }

    /** Google's library gets a new token only if the response says that the one it sent is invalid. */
    static ErrorResponse unauthorized(boolean tokenSent) {
        String challenge = "WWW-Authenticate: Bearer realm=\"https://accounts.google.com/\"";
        String message = "Authentication required.";
        return tokenSent
                ? new ErrorResponse(
                        401,
                        "AuthenticationRequired",
                        "authError",
                        message,
                        "Invalid Credentials",
                        challenge + ", error=\"invalid_token\"")
                : new ErrorResponse(401, "AuthenticationRequired", "required", message, message, challenge);
    }

    /** Returns the response of the JSON API. */
    ScriptedResponse json() {
        return Json.error(status, reason, jsonMessage).with(fields);
    }

    /** Returns the response of the JSON API to a request for content. */
    ScriptedResponse text() {
        return ScriptedResponse.of(status, "text/html; charset=UTF-8", jsonMessage)
                .with(fields);
    }

    /** Returns the response of the XML API. */
    ScriptedResponse xml() {
        return Xml.error(status, code, String.valueOf(getMessage())).with(fields);
    }
}
