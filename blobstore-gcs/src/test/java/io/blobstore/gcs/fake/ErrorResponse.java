package io.blobstore.gcs.fake;

import io.blobstore.http.ScriptedResponse;
import java.util.List;

/** A failed request, and the error response of either API. */
final class ErrorResponse extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final String reason;
    private final String jsonMessage;
    private final transient List<String> fields;

    /**
     * Creates a failure.
     *
     * @param code in the XML API
     * @param reason in the JSON API
     * @param fields header fields of the response, as whole lines
     */
    ErrorResponse(int status, String code, String reason, String xmlMessage, String jsonMessage, String... fields) {
        super(xmlMessage);
        this.status = status;
        this.code = code;
        this.reason = reason;
        this.jsonMessage = jsonMessage;
        this.fields = List.of(fields);
    }

    /** Creates a failure with one message in both APIs. */
    ErrorResponse(int status, String code, String reason, String message) {
        this(status, code, reason, message, message);
    }

    /** Creates a failure whose status is 400. */
    static ErrorResponse invalid(String message) {
        return new ErrorResponse(400, "InvalidArgument", "invalid", message);
    }

    static ErrorResponse conditionNotMet() {
        String message = "At least one of the pre-conditions you specified did not hold.";
        return new ErrorResponse(412, "PreconditionFailed", "conditionNotMet", message);
    }

    static ErrorResponse methodNotAllowed(String method) {
        String message = "The method " + method + " is not allowed for this resource.";
        return new ErrorResponse(405, "MethodNotAllowed", "methodNotAllowed", message);
    }

    /** Fails with status 400 unless the condition holds. */
    static void require(boolean condition, String message) {
        if (!condition) {
            throw invalid(message);
        }
    }

    /** Fails with status 400 and a code unless the condition holds. */
    static void require(boolean condition, String code, String message) {
        if (!condition) {
            String reason = Character.toLowerCase(code.charAt(0)) + code.substring(1);
            throw new ErrorResponse(400, code, reason, message);
        }
    }

    /** Returns the response of the JSON API. */
    ScriptedResponse json() {
        return Json.error(status, reason, jsonMessage).with(fields);
    }

    /** Returns the response of the XML API. */
    ScriptedResponse xml() {
        return Xml.error(status, code, String.valueOf(getMessage())).with(fields);
    }
}
