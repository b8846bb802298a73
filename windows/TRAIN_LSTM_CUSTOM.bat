@echo off
rem Trains models for stocks of your choice; without arguments it asks which.
rem     TRAIN_LSTM_CUSTOM.bat --list us_tech
rem     TRAIN_LSTM_CUSTOM.bat --symbols CBA.AX,BHP.AX
rem     TRAIN_LSTM_CUSTOM.bat --file my_stocks.txt
rem A file that is dropped on this one is read as well.
setlocal
set "FILE="
if not "%~1"=="" if exist "%~1" set "FILE=--file"
call "%~dp0overnight.cmd" train %FILE% %*
set "CODE=%errorlevel%"
echo.
if not "%CODE%"=="0" echo Exit code %CODE%: the reason is above; VERIFY_INSTALLATION.bat checks this machine.
echo Next: windows\overnight.cmd status shows the models and their grades.
pause
exit /b %CODE%
